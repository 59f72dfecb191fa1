"""Networks of Keras and scikit-learn as their converters write them: test/oracle/onnx/others.br, for
test/onnx/others.test.ts.

    PYTHON=… npx tsx test/oracle/onnx.ts others

tf2onnx and skl2onnx write the graphs; here onnx.helper builds the same from the trained models' weights: the nodes,
the names of their initializers, and the opsets are those of the converters. The expected numbers come from Keras and
scikit-learn. Writes to stdout lines of JSON: a name, the model, and sets of inputs and outputs, in base64.
"""

import base64
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

F, I = TensorProto.FLOAT, TensorProto.INT64
random = np.random.default_rng(0)


def text(array):
    return base64.b64encode(numpy_helper.from_array(np.ascontiguousarray(array)).SerializeToString()).decode()


def write(name, nodes, initializers, inputs, outputs, opsets, sets):
    graph = helper.make_graph(
        nodes, "g", inputs, outputs, [numpy_helper.from_array(np.asarray(a), key) for key, a in initializers.items()]
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    lines = [{"inputs": [text(x) for x in xs], "outputs": [text(y) for y in ys]} for xs, ys in sets]
    data = base64.b64encode(model.SerializeToString()).decode()
    print(json.dumps({"name": name, "model": data, "sets": lines}))


def info(name, shape, kind=F):
    return helper.make_tensor_value_info(name, kind, shape)


def keras_mlp():
    """Dense, BatchNormalization, LeakyReLU, LayerNormalization (which tf2onnx takes apart), Reshape by sizes, Softmax."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(6),
            layers.LeakyReLU(negative_slope=0.3),
            layers.LayerNormalization(epsilon=1e-3),
            layers.Reshape((2, 3)),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    for weight in model.weights:
        shift = np.abs(random.normal(size=weight.shape)) * 0.1
        weight.assign(np.asarray(weight) + shift.astype(np.float32))
    (w0, b0, gamma, beta, mean, variance, w1, b1, lg, lb, w2, b2) = [np.asarray(w) for w in model.get_weights()]
    p = "StatefulPartitionedCall/sequential_1/"
    scale = gamma / np.sqrt(variance + 1e-3)
    initializers = {
        f"{p}dense_1/MatMul/ReadVariableOp:0": w0,
        f"{p}dense_1/BiasAdd/ReadVariableOp:0": b0,
        f"{p}batch_normalization_1/batchnorm/mul:0": scale,
        f"{p}batch_normalization_1/batchnorm/sub:0": beta - mean * scale,
        f"{p}dense_2/MatMul/ReadVariableOp:0": w1,
        f"{p}dense_2/BiasAdd/ReadVariableOp:0": b1,
        f"{p}layer_normalization_1/Reshape/ReadVariableOp:0": lg.reshape(1, 6),
        f"{p}layer_normalization_1/Reshape_1/ReadVariableOp:0": lb.reshape(1, 6),
        f"{p}dense_3/MatMul/ReadVariableOp:0": w2,
        f"{p}dense_3/BiasAdd/ReadVariableOp:0": b2,
        f"{p}layer_normalization_1/add/y:0": np.float32(1e-3),
        "const_starts__1": np.array([0], np.int64),
        "const_ends__2": np.array([1], np.int64),
        "const_axes__3": np.array([0], np.int64),
        "strided_slice__4": np.array([2, 3], np.int64),
        "flatten_1/Const:0": np.array([-1, 6], np.int64),
    }
    names = iter(initializers)
    take = lambda: next(names)  # noqa: E731
    nodes = [
        helper.make_node("MatMul", ["x", take()], ["m0"]),
        helper.make_node("Add", ["m0", take()], ["a0"]),
        helper.make_node("Relu", ["a0"], ["r0"]),
        helper.make_node("Mul", ["r0", take()], ["bm"]),
        helper.make_node("Add", ["bm", take()], ["ba"]),
        helper.make_node("MatMul", ["ba", take()], ["m1"]),
        helper.make_node("Add", ["m1", take()], ["a1"]),
        helper.make_node("LeakyRelu", ["a1"], ["l1"], alpha=0.3),
        helper.make_node("ReduceMean", ["l1"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["l1", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "centred"], ["square"]),
        helper.make_node("ReduceMean", ["square"], ["variance"], axes=[1], keepdims=1),
        helper.make_node("Add", ["variance", f"{p}layer_normalization_1/add/y:0"], ["shifted"]),
        helper.make_node("Sqrt", ["shifted"], ["deviation"]),
        helper.make_node("Reciprocal", ["deviation"], ["inverse"]),
        helper.make_node("Mul", ["inverse", take()], ["factor"]),
        helper.make_node("Mul", ["centred", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", take()], ["normed"]),
        helper.make_node("Shape", ["normed"], ["Shape__5"]),
        helper.make_node("Cast", ["Shape__5"], ["Shape__6"], to=TensorProto.INT32),
        helper.make_node("Slice", ["Shape__6", "const_starts__1", "const_ends__2", "const_axes__3"], ["batch"]),
        helper.make_node("Cast", ["batch"], ["batch64"], to=I),
        helper.make_node("Concat", ["batch64", "strided_slice__4"], ["sizes"], axis=0),
        helper.make_node("Reshape", ["normed", "sizes"], ["cube"]),
        helper.make_node("Reshape", ["cube", "flatten_1/Const:0"], ["flat"]),
        helper.make_node("MatMul", ["flat", take()], ["m2"]),
        helper.make_node("Add", ["m2", take()], ["a2"]),
        helper.make_node("Softmax", ["a2"], ["dense_3"], axis=-1),
    ]
    sets = []
    for batch in (1, 6):
        x = random.normal(size=(batch, 5)).astype(np.float32)
        sets.append(([x], [np.asarray(model(x))]))
    write(
        "Keras",
        nodes,
        initializers,
        [info("x", ["unk__7", 5])],
        [info("dense_3", ["unk__8", 3])],
        {"": 15},
        sets,
    )


def layers_of(model, begin):
    """The nodes of skl2onnx for the layers of a multi-layer perceptron."""
    functions = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "softmax": "Softmax", "identity": "Identity"}
    nodes, initializers, value = [], {}, begin
    for i, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_)):
        own = "" if i == 0 else str(i)
        initializers[f"coefficient{own}"] = weight.astype(np.float32)
        initializers[f"intercepts{own}"] = bias.reshape(1, -1).astype(np.float32)
        last = i == len(model.coefs_) - 1
        function = functions[model.out_activation_ if last else model.activation]
        nodes += [
            helper.make_node("MatMul", [value, f"coefficient{own}"], [f"mul_result{own}"]),
            helper.make_node("Add", [f"mul_result{own}", f"intercepts{own}"], [f"add_result{own}"]),
        ]
        value = f"next_activations{own}"
        options = {"axis": 1} if function == "Softmax" else {}
        nodes.append(helper.make_node(function, [f"add_result{own}"], [value], **options))
    return nodes, initializers, value


def data(classes):
    x = random.normal(size=(80, 4)) * [1, 3, 0.5, 2] + [0, 5, 1, -2]
    labels = np.zeros(80, int)
    while len(np.unique(labels)) < classes:
        labels = (x @ random.normal(size=(4, classes))).argmax(1)
    return x, labels + 3


def sklearn_classifier(classes, activation):
    """StandardScaler and MLPClassifier, with the labels and a list of maps as skl2onnx has them by default."""
    x, y = data(classes)
    scaler = StandardScaler().fit(x)
    model = MLPClassifier((7, 5), activation=activation, max_iter=60, random_state=0).fit(scaler.transform(x), y)
    nodes, initializers, probability = layers_of(model, "variable")
    scale = helper.make_node(
        "Scaler", ["X"], ["variable"], domain="ai.onnx.ml", offset=scaler.mean_, scale=1 / scaler.scale_
    )
    if classes == 2:
        initializers["unity"] = np.array([1], np.float32)
        nodes += [
            helper.make_node("Sub", ["unity", probability], ["negative_class_proba"]),
            helper.make_node("Concat", ["negative_class_proba", probability], ["probabilities"], axis=1),
        ]
        probability = "probabilities"
    initializers["classes"] = model.classes_.astype(np.int32)
    initializers["shape_tensor"] = np.array([-1], np.int64)
    nodes += [
        helper.make_node("ArgMax", [probability], ["argmax_output"], axis=1),
        helper.make_node(
            "ArrayFeatureExtractor", ["classes", "argmax_output"], ["array_feature"], domain="ai.onnx.ml"
        ),
        helper.make_node("Cast", ["array_feature"], ["cast2_result"], to=F),
        helper.make_node("Reshape", ["cast2_result", "shape_tensor"], ["reshaped_result"]),
        helper.make_node("Cast", ["reshaped_result"], ["label"], to=I),
        helper.make_node(
            "ZipMap", [probability], ["output_probability"], domain="ai.onnx.ml", classlabels_int64s=model.classes_
        ),
    ]
    maps = helper.make_value_info(
        "output_probability",
        helper.make_sequence_type_proto(helper.make_map_type_proto(I, helper.make_tensor_type_proto(F, []))),
    )
    sets = []
    for part in (x[:1], x[:9]):
        scaled = scaler.transform(part)
        sets.append(([part.astype(np.float32)], [model.predict(scaled), model.predict_proba(scaled).astype(np.float32)]))
    write(
        f"scikit-learn's MLPClassifier of {classes} classes, {activation}",
        [scale, *nodes],
        initializers,
        [info("X", [None, 4])],
        [info("label", [None], I), maps],
        {"": 17, "ai.onnx.ml": 1},
        sets,
    )


def sklearn_regressor():
    x, y = data(5)
    model = MLPRegressor(hidden_layer_sizes=(6,), activation="tanh", max_iter=50, random_state=0).fit(x, y)
    nodes, initializers, value = layers_of(model, "cast_input")
    initializers["shape_tensor"] = np.array([-1, 1], np.int64)
    nodes = [
        helper.make_node("Cast", ["X"], ["cast_input"], to=F),
        *nodes,
        helper.make_node("Reshape", [value, "shape_tensor"], ["variable"]),
    ]
    sets = [([part.astype(np.float32)], [model.predict(part).astype(np.float32).reshape(-1, 1)]) for part in (x[:2], x[:7])]
    write("scikit-learn's MLPRegressor", nodes, initializers, [info("X", [None, 4])], [info("variable", [None, 1])], {"": 17}, sets)


def sklearn_logistic(classes):
    x, y = data(classes)
    model = LogisticRegression(max_iter=300).fit(x, y)
    coefficients, intercepts = model.coef_, model.intercept_
    if classes == 2:
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
    nodes = [
        helper.make_node(
            "LinearClassifier",
            ["X"],
            ["label", "probability_tensor"],
            domain="ai.onnx.ml",
            classlabels_ints=model.classes_,
            coefficients=coefficients.ravel(),
            intercepts=intercepts,
            multi_class=1,
            post_transform="LOGISTIC" if classes == 2 else "SOFTMAX",
        ),
        helper.make_node("Normalizer", ["probability_tensor"], ["probabilities"], domain="ai.onnx.ml", norm="L1"),
    ]
    sets = [([part.astype(np.float32)], [model.predict(part), model.predict_proba(part).astype(np.float32)]) for part in (x[:1], x[:8])]
    write(
        f"scikit-learn's LogisticRegression of {classes} classes",
        nodes,
        {},
        [info("X", [None, 4])],
        [info("label", [None], I), info("probabilities", [None, classes])],
        {"": 17, "ai.onnx.ml": 1},
        sets,
    )


sys.stderr.write(f"Keras {keras.__version__}\n")
keras_mlp()
sklearn_classifier(3, "relu")
sklearn_classifier(2, "logistic")
sklearn_regressor()
sklearn_logistic(2)
sklearn_logistic(3)
