// Made by test/oracle/onnx_schema.py from onnx-ml.proto of the Python package onnx 1.23.1
// (IR version 14, opset 28), © ONNX Project Contributors, Apache-2.0, https://github.com/onnx/onnx.
// Fields have their names in the protocol. An optional field that a message lacks is undefined.

export interface AttributeProto {
  readonly name?: string;
  readonly ref_attr_name?: string;
  readonly doc_string?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: bigint;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly sparse_tensor?: SparseTensorProto;
  readonly tp?: TypeProto;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly sparse_tensors: readonly SparseTensorProto[];
  readonly type_protos: readonly TypeProto[];
}

export interface ValueInfoProto {
  readonly name?: string;
  readonly type?: TypeProto;
  readonly doc_string?: string;
  readonly metadata_props: readonly StringStringEntryProto[];
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly op_type?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute: readonly AttributeProto[];
  readonly doc_string?: string;
  readonly metadata_props: readonly StringStringEntryProto[];
  readonly device_configurations: readonly NodeDeviceConfigurationProto[];
}

export interface IntIntListEntryProto {
  readonly key?: bigint;
  readonly value: readonly bigint[];
}

export interface NodeDeviceConfigurationProto {
  readonly configuration_id?: string;
  readonly sharding_spec: readonly ShardingSpecProto[];
  readonly pipeline_stage?: number;
}

export interface ShardingSpecProto {
  readonly tensor_name?: string;
  readonly device: readonly bigint[];
  readonly index_to_device_group_map: readonly IntIntListEntryProto[];
  readonly sharded_dim: readonly ShardedDimProto[];
}

export interface ShardedDimProto {
  readonly axis?: bigint;
  readonly simple_sharding: readonly SimpleShardedDimProto[];
}

export interface SimpleShardedDimProto {
  readonly dim_value?: bigint;
  readonly dim_param?: string;
  readonly num_shards?: bigint;
}

export interface TrainingInfoProto {
  readonly initialization?: GraphProto;
  readonly algorithm?: GraphProto;
  readonly initialization_binding: readonly StringStringEntryProto[];
  readonly update_binding: readonly StringStringEntryProto[];
}

export interface ModelProto {
  readonly ir_version?: bigint;
  readonly opset_import: readonly OperatorSetIdProto[];
  readonly producer_name?: string;
  readonly producer_version?: string;
  readonly domain?: string;
  readonly model_version?: bigint;
  readonly doc_string?: string;
  readonly graph?: GraphProto;
  readonly metadata_props: readonly StringStringEntryProto[];
  readonly training_info: readonly TrainingInfoProto[];
  readonly functions: readonly FunctionProto[];
  readonly configuration: readonly DeviceConfigurationProto[];
}

export interface DeviceConfigurationProto {
  readonly name?: string;
  readonly num_devices?: number;
  readonly device: readonly string[];
}

export interface StringStringEntryProto {
  readonly key?: string;
  readonly value?: string;
}

export interface TensorAnnotation {
  readonly tensor_name?: string;
  readonly quant_parameter_tensor_names: readonly StringStringEntryProto[];
}

export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name?: string;
  readonly initializer: readonly TensorProto[];
  readonly sparse_initializer: readonly SparseTensorProto[];
  readonly doc_string?: string;
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly value_info: readonly ValueInfoProto[];
  readonly quantization_annotation: readonly TensorAnnotation[];
  readonly metadata_props: readonly StringStringEntryProto[];
}

export interface TensorProto {
  readonly dims: readonly bigint[];
  readonly data_type?: number;
  readonly segment?: TensorProtoSegment;
  readonly float_data: readonly number[];
  readonly int32_data: readonly number[];
  readonly string_data: readonly Uint8Array[];
  readonly int64_data: readonly bigint[];
  readonly name?: string;
  readonly doc_string?: string;
  readonly raw_data?: Uint8Array;
  readonly external_data: readonly StringStringEntryProto[];
  readonly data_location?: number;
  readonly double_data: readonly number[];
  readonly uint64_data: readonly bigint[];
  readonly metadata_props: readonly StringStringEntryProto[];
}

export interface TensorProtoSegment {
  readonly begin?: bigint;
  readonly end?: bigint;
}

export interface SparseTensorProto {
  readonly values?: TensorProto;
  readonly indices?: TensorProto;
  readonly dims: readonly bigint[];
}

export interface TensorShapeProto {
  readonly dim: readonly TensorShapeProtoDimension[];
}

export interface TensorShapeProtoDimension {
  readonly dim_value?: bigint;
  readonly dim_param?: string;
  readonly denotation?: string;
}

export interface TypeProto {
  readonly tensor_type?: TypeProtoTensor;
  readonly sequence_type?: TypeProtoSequence;
  readonly map_type?: TypeProtoMap;
  readonly optional_type?: TypeProtoOptional;
  readonly sparse_tensor_type?: TypeProtoSparseTensor;
  readonly opaque_type?: TypeProtoOpaque;
  readonly denotation?: string;
}

export interface TypeProtoTensor {
  readonly elem_type?: number;
  readonly shape?: TensorShapeProto;
}

export interface TypeProtoSequence {
  readonly elem_type?: TypeProto;
}

export interface TypeProtoMap {
  readonly key_type?: number;
  readonly value_type?: TypeProto;
}

export interface TypeProtoOptional {
  readonly elem_type?: TypeProto;
}

export interface TypeProtoSparseTensor {
  readonly elem_type?: number;
  readonly shape?: TensorShapeProto;
}

export interface TypeProtoOpaque {
  readonly domain?: string;
  readonly name?: string;
}

export interface OperatorSetIdProto {
  readonly domain?: string;
  readonly version?: bigint;
}

export interface FunctionProto {
  readonly name?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly string[];
  readonly attribute_proto: readonly AttributeProto[];
  readonly node: readonly NodeProto[];
  readonly doc_string?: string;
  readonly opset_import: readonly OperatorSetIdProto[];
  readonly domain?: string;
  readonly overload?: string;
  readonly value_info: readonly ValueInfoProto[];
  readonly metadata_props: readonly StringStringEntryProto[];
}

export const AttributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  SPARSE_TENSOR: 11,
  TYPE_PROTO: 13,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSORS: 12,
  TYPE_PROTOS: 14,
} as const;

export const DataType = {
  UNDEFINED: 0,
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FLOAT16: 10,
  DOUBLE: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  COMPLEX128: 15,
  BFLOAT16: 16,
  FLOAT8E4M3FN: 17,
  FLOAT8E4M3FNUZ: 18,
  FLOAT8E5M2: 19,
  FLOAT8E5M2FNUZ: 20,
  UINT4: 21,
  INT4: 22,
  FLOAT4E2M1: 23,
  FLOAT8E8M0: 24,
  UINT2: 25,
  INT2: 26,
  FLOAT6E2M3: 27,
  FLOAT6E3M2: 28,
} as const;

export const DataLocation = { DEFAULT: 0, EXTERNAL: 1 } as const;

/** The messages for `Root.fromJSON` of protobufjs. */
export const schema = {
  nested: {
    onnx: {
      nested: {
        AttributeProto: {
          edition: "proto2",
          fields: {
            name: { type: "string", id: 1 },
            ref_attr_name: { type: "string", id: 21 },
            doc_string: { type: "string", id: 13 },
            type: { type: "AttributeProto.AttributeType", id: 20 },
            f: { type: "float", id: 2 },
            i: { type: "int64", id: 3 },
            s: { type: "bytes", id: 4 },
            t: { type: "TensorProto", id: 5 },
            g: { type: "GraphProto", id: 6 },
            sparse_tensor: { type: "SparseTensorProto", id: 22 },
            tp: { type: "TypeProto", id: 14 },
            floats: { type: "float", id: 7, rule: "repeated", options: { packed: false } },
            ints: { type: "int64", id: 8, rule: "repeated", options: { packed: false } },
            strings: { type: "bytes", id: 9, rule: "repeated", options: { packed: false } },
            tensors: { type: "TensorProto", id: 10, rule: "repeated", options: { packed: false } },
            graphs: { type: "GraphProto", id: 11, rule: "repeated", options: { packed: false } },
            sparse_tensors: {
              type: "SparseTensorProto",
              id: 23,
              rule: "repeated",
              options: { packed: false },
            },
            type_protos: { type: "TypeProto", id: 15, rule: "repeated", options: { packed: false } },
          },
          nested: {
            AttributeType: {
              values: {
                UNDEFINED: 0,
                FLOAT: 1,
                INT: 2,
                STRING: 3,
                TENSOR: 4,
                GRAPH: 5,
                SPARSE_TENSOR: 11,
                TYPE_PROTO: 13,
                FLOATS: 6,
                INTS: 7,
                STRINGS: 8,
                TENSORS: 9,
                GRAPHS: 10,
                SPARSE_TENSORS: 12,
                TYPE_PROTOS: 14,
              },
            },
          },
        },
        ValueInfoProto: {
          edition: "proto2",
          fields: {
            name: { type: "string", id: 1 },
            type: { type: "TypeProto", id: 2 },
            doc_string: { type: "string", id: 3 },
            metadata_props: {
              type: "StringStringEntryProto",
              id: 4,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        NodeProto: {
          edition: "proto2",
          fields: {
            input: { type: "string", id: 1, rule: "repeated", options: { packed: false } },
            output: { type: "string", id: 2, rule: "repeated", options: { packed: false } },
            name: { type: "string", id: 3 },
            op_type: { type: "string", id: 4 },
            domain: { type: "string", id: 7 },
            overload: { type: "string", id: 8 },
            attribute: { type: "AttributeProto", id: 5, rule: "repeated", options: { packed: false } },
            doc_string: { type: "string", id: 6 },
            metadata_props: {
              type: "StringStringEntryProto",
              id: 9,
              rule: "repeated",
              options: { packed: false },
            },
            device_configurations: {
              type: "NodeDeviceConfigurationProto",
              id: 10,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        IntIntListEntryProto: {
          edition: "proto2",
          fields: {
            key: { type: "int64", id: 1 },
            value: { type: "int64", id: 2, rule: "repeated", options: { packed: false } },
          },
        },
        NodeDeviceConfigurationProto: {
          edition: "proto2",
          fields: {
            configuration_id: { type: "string", id: 1 },
            sharding_spec: { type: "ShardingSpecProto", id: 2, rule: "repeated", options: { packed: false } },
            pipeline_stage: { type: "int32", id: 3 },
          },
        },
        ShardingSpecProto: {
          edition: "proto2",
          fields: {
            tensor_name: { type: "string", id: 1 },
            device: { type: "int64", id: 2, rule: "repeated", options: { packed: false } },
            index_to_device_group_map: {
              type: "IntIntListEntryProto",
              id: 3,
              rule: "repeated",
              options: { packed: false },
            },
            sharded_dim: { type: "ShardedDimProto", id: 4, rule: "repeated", options: { packed: false } },
          },
        },
        ShardedDimProto: {
          edition: "proto2",
          fields: {
            axis: { type: "int64", id: 1 },
            simple_sharding: {
              type: "SimpleShardedDimProto",
              id: 2,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        SimpleShardedDimProto: {
          edition: "proto2",
          fields: {
            dim_value: { type: "int64", id: 1 },
            dim_param: { type: "string", id: 2 },
            num_shards: { type: "int64", id: 3 },
          },
        },
        TrainingInfoProto: {
          edition: "proto2",
          fields: {
            initialization: { type: "GraphProto", id: 1 },
            algorithm: { type: "GraphProto", id: 2 },
            initialization_binding: {
              type: "StringStringEntryProto",
              id: 3,
              rule: "repeated",
              options: { packed: false },
            },
            update_binding: {
              type: "StringStringEntryProto",
              id: 4,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        ModelProto: {
          edition: "proto2",
          fields: {
            ir_version: { type: "int64", id: 1 },
            opset_import: { type: "OperatorSetIdProto", id: 8, rule: "repeated", options: { packed: false } },
            producer_name: { type: "string", id: 2 },
            producer_version: { type: "string", id: 3 },
            domain: { type: "string", id: 4 },
            model_version: { type: "int64", id: 5 },
            doc_string: { type: "string", id: 6 },
            graph: { type: "GraphProto", id: 7 },
            metadata_props: {
              type: "StringStringEntryProto",
              id: 14,
              rule: "repeated",
              options: { packed: false },
            },
            training_info: {
              type: "TrainingInfoProto",
              id: 20,
              rule: "repeated",
              options: { packed: false },
            },
            functions: { type: "FunctionProto", id: 25, rule: "repeated", options: { packed: false } },
            configuration: {
              type: "DeviceConfigurationProto",
              id: 26,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        DeviceConfigurationProto: {
          edition: "proto2",
          fields: {
            name: { type: "string", id: 1 },
            num_devices: { type: "int32", id: 2 },
            device: { type: "string", id: 3, rule: "repeated", options: { packed: false } },
          },
        },
        StringStringEntryProto: {
          edition: "proto2",
          fields: { key: { type: "string", id: 1 }, value: { type: "string", id: 2 } },
        },
        TensorAnnotation: {
          edition: "proto2",
          fields: {
            tensor_name: { type: "string", id: 1 },
            quant_parameter_tensor_names: {
              type: "StringStringEntryProto",
              id: 2,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        GraphProto: {
          edition: "proto2",
          fields: {
            node: { type: "NodeProto", id: 1, rule: "repeated", options: { packed: false } },
            name: { type: "string", id: 2 },
            initializer: { type: "TensorProto", id: 5, rule: "repeated", options: { packed: false } },
            sparse_initializer: {
              type: "SparseTensorProto",
              id: 15,
              rule: "repeated",
              options: { packed: false },
            },
            doc_string: { type: "string", id: 10 },
            input: { type: "ValueInfoProto", id: 11, rule: "repeated", options: { packed: false } },
            output: { type: "ValueInfoProto", id: 12, rule: "repeated", options: { packed: false } },
            value_info: { type: "ValueInfoProto", id: 13, rule: "repeated", options: { packed: false } },
            quantization_annotation: {
              type: "TensorAnnotation",
              id: 14,
              rule: "repeated",
              options: { packed: false },
            },
            metadata_props: {
              type: "StringStringEntryProto",
              id: 16,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
        TensorProto: {
          edition: "proto2",
          fields: {
            dims: { type: "int64", id: 1, rule: "repeated", options: { packed: false } },
            data_type: { type: "int32", id: 2 },
            segment: { type: "TensorProto.Segment", id: 3 },
            float_data: { type: "float", id: 4, rule: "repeated", options: { packed: true } },
            int32_data: { type: "int32", id: 5, rule: "repeated", options: { packed: true } },
            string_data: { type: "bytes", id: 6, rule: "repeated", options: { packed: false } },
            int64_data: { type: "int64", id: 7, rule: "repeated", options: { packed: true } },
            name: { type: "string", id: 8 },
            doc_string: { type: "string", id: 12 },
            raw_data: { type: "bytes", id: 9 },
            external_data: {
              type: "StringStringEntryProto",
              id: 13,
              rule: "repeated",
              options: { packed: false },
            },
            data_location: { type: "TensorProto.DataLocation", id: 14 },
            double_data: { type: "double", id: 10, rule: "repeated", options: { packed: true } },
            uint64_data: { type: "uint64", id: 11, rule: "repeated", options: { packed: true } },
            metadata_props: {
              type: "StringStringEntryProto",
              id: 16,
              rule: "repeated",
              options: { packed: false },
            },
          },
          nested: {
            Segment: { fields: { begin: { type: "int64", id: 1 }, end: { type: "int64", id: 2 } } },
            DataType: {
              values: {
                UNDEFINED: 0,
                FLOAT: 1,
                UINT8: 2,
                INT8: 3,
                UINT16: 4,
                INT16: 5,
                INT32: 6,
                INT64: 7,
                STRING: 8,
                BOOL: 9,
                FLOAT16: 10,
                DOUBLE: 11,
                UINT32: 12,
                UINT64: 13,
                COMPLEX64: 14,
                COMPLEX128: 15,
                BFLOAT16: 16,
                FLOAT8E4M3FN: 17,
                FLOAT8E4M3FNUZ: 18,
                FLOAT8E5M2: 19,
                FLOAT8E5M2FNUZ: 20,
                UINT4: 21,
                INT4: 22,
                FLOAT4E2M1: 23,
                FLOAT8E8M0: 24,
                UINT2: 25,
                INT2: 26,
                FLOAT6E2M3: 27,
                FLOAT6E3M2: 28,
              },
            },
            DataLocation: { values: { DEFAULT: 0, EXTERNAL: 1 } },
          },
        },
        SparseTensorProto: {
          edition: "proto2",
          fields: {
            values: { type: "TensorProto", id: 1 },
            indices: { type: "TensorProto", id: 2 },
            dims: { type: "int64", id: 3, rule: "repeated", options: { packed: false } },
          },
        },
        TensorShapeProto: {
          edition: "proto2",
          fields: {
            dim: { type: "TensorShapeProto.Dimension", id: 1, rule: "repeated", options: { packed: false } },
          },
          nested: {
            Dimension: {
              fields: {
                dim_value: { type: "int64", id: 1 },
                dim_param: { type: "string", id: 2 },
                denotation: { type: "string", id: 3 },
              },
            },
          },
        },
        TypeProto: {
          edition: "proto2",
          fields: {
            tensor_type: { type: "TypeProto.Tensor", id: 1 },
            sequence_type: { type: "TypeProto.Sequence", id: 4 },
            map_type: { type: "TypeProto.Map", id: 5 },
            optional_type: { type: "TypeProto.Optional", id: 9 },
            sparse_tensor_type: { type: "TypeProto.SparseTensor", id: 8 },
            opaque_type: { type: "TypeProto.Opaque", id: 7 },
            denotation: { type: "string", id: 6 },
          },
          nested: {
            Tensor: {
              fields: { elem_type: { type: "int32", id: 1 }, shape: { type: "TensorShapeProto", id: 2 } },
            },
            Sequence: { fields: { elem_type: { type: "TypeProto", id: 1 } } },
            Map: { fields: { key_type: { type: "int32", id: 1 }, value_type: { type: "TypeProto", id: 2 } } },
            Optional: { fields: { elem_type: { type: "TypeProto", id: 1 } } },
            SparseTensor: {
              fields: { elem_type: { type: "int32", id: 1 }, shape: { type: "TensorShapeProto", id: 2 } },
            },
            Opaque: { fields: { domain: { type: "string", id: 1 }, name: { type: "string", id: 2 } } },
          },
        },
        OperatorSetIdProto: {
          edition: "proto2",
          fields: { domain: { type: "string", id: 1 }, version: { type: "int64", id: 2 } },
        },
        FunctionProto: {
          edition: "proto2",
          fields: {
            name: { type: "string", id: 1 },
            input: { type: "string", id: 4, rule: "repeated", options: { packed: false } },
            output: { type: "string", id: 5, rule: "repeated", options: { packed: false } },
            attribute: { type: "string", id: 6, rule: "repeated", options: { packed: false } },
            attribute_proto: { type: "AttributeProto", id: 11, rule: "repeated", options: { packed: false } },
            node: { type: "NodeProto", id: 7, rule: "repeated", options: { packed: false } },
            doc_string: { type: "string", id: 8 },
            opset_import: { type: "OperatorSetIdProto", id: 9, rule: "repeated", options: { packed: false } },
            domain: { type: "string", id: 10 },
            overload: { type: "string", id: 13 },
            value_info: { type: "ValueInfoProto", id: 12, rule: "repeated", options: { packed: false } },
            metadata_props: {
              type: "StringStringEntryProto",
              id: 14,
              rule: "repeated",
              options: { packed: false },
            },
          },
        },
      },
    },
  },
} as const;
