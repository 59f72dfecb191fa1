# Sources and flags are native/sources.json's. gyp has no flags per source, so each instruction set
# is a static library of its own; its name alone is repeated here.
{
  'target_defaults': {
    # What node-gyp brings and CMake does not. All flags are ours, so that both builds are the same.
    'cflags!': ['-O3', '-fno-omit-frame-pointer', '-fno-strict-aliasing', '-Wno-unused-parameter'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-strict-aliasing'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'CLANG_CXX_LIBRARY': 'libc++',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
      'GCC_ENABLE_CPP_RTTI': 'YES',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'MACOSX_DEPLOYMENT_TARGET': '<!(node -p "require(\'./native/platforms.json\').macos")',
    },
    'configurations': {
      'Release': {
        'cflags!': ['-O3', '-fno-omit-frame-pointer'],
      },
    },
  },
  'targets': [
    {
      'target_name': 'thalweg',
      'type': 'loadable_module',
      'dependencies': ['engine', 'kernels_reference'],
      'sources': ['<!@(node native/sources.mjs sources addon)'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti'],
      'cflags_cc': ['<!@(node native/sources.mjs flags addon)'],
      'xcode_settings': {
        'OTHER_CPLUSPLUSFLAGS': ['<!@(node native/sources.mjs flags addon)'],
        'OTHER_LDFLAGS': ['<!@(node native/sources.mjs link darwin)'],
      },
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      'ldflags': ['<!@(node native/sources.mjs link)'],
      'libraries': ['<!@(node native/sources.mjs libraries)'],
      'conditions': [
        ["target_arch=='x64'", {'dependencies': ['kernels_x86_64_v2', 'kernels_x86_64_v3', 'kernels_x86_64_v4']}],
        ["target_arch=='arm64'", {'dependencies': ['kernels_neon']}],
      ],
    },
    {
      'target_name': 'engine',
      'type': 'static_library',
      'sources': ['<!@(node native/sources.mjs sources engine)'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti'],
      'cflags_cc': ['<!@(node native/sources.mjs flags engine)'],
      'xcode_settings': {
        'OTHER_CPLUSPLUSFLAGS': ['<!@(node native/sources.mjs flags engine)'],
      },
    },
    {'variables': {'isa': 'reference'}, 'includes': ['native/kernels/isa/kernels.gypi']},
  ],
  'conditions': [
    ["target_arch=='x64'", {
      'targets': [
        {'variables': {'isa': 'x86_64_v2'}, 'includes': ['native/kernels/isa/kernels.gypi']},
        {'variables': {'isa': 'x86_64_v3'}, 'includes': ['native/kernels/isa/kernels.gypi']},
        {'variables': {'isa': 'x86_64_v4'}, 'includes': ['native/kernels/isa/kernels.gypi']},
      ],
    }],
    ["target_arch=='arm64'", {
      'targets': [
        {'variables': {'isa': 'neon'}, 'includes': ['native/kernels/isa/kernels.gypi']},
      ],
    }],
  ],
}
