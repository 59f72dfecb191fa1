# The kernels of one instruction set, <(isa).
{
  'target_name': 'kernels_<(isa)',
  'type': 'static_library',
  'sources': ['<!@(node native/sources.mjs sources <(isa))'],
  'cflags_cc': ['<!@(node native/sources.mjs flags <(isa))'],
  'xcode_settings': {
    'OTHER_CPLUSPLUSFLAGS': ['<!@(node native/sources.mjs flags <(isa))'],
  },
}
