/** Holds everything that is pinned about the native engine: versions, wheels, digests, and what is taken from a wheel. */

/** Names the npm package whose binding is compiled. */
export const bindingPackage = '@tensorflow/tfjs-node-gpu';

/** Gives the version of libtensorflow that the binding is compiled against. */
export const tensorflowVersion = '2.21.0';

/** Gives the Node-API version that the binding is compiled for; it names the folder `lib/napi-v8` of the package. */
export const nodeApiVersion = 8;

/** Describes one wheel: where its project is, its file name, and what its bytes must hash to. */
export interface WheelRecipe {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Bytes on disk of what is kept of it. */
  readonly unpackedBytes: number;
  readonly platformTag: string;
}

/** The Python tag of every pinned wheel. The libraries inside do not depend on it, so one is enough. */
export const pythonTag = { version: '3.12', implementation: 'cp', abi: 'cp312' } as const;

/** Names a platform that has a pinned wheel. */
export type WheelKey = 'linux-x64-cpu' | 'linux-x64-gpu' | 'linux-arm64-cpu';

/** Pins the wheel of each platform. */
export const wheels: Readonly<Record<WheelKey, WheelRecipe>> = {
  'linux-x64-cpu': {
    project: 'tensorflow-cpu',
    version: tensorflowVersion,
    file: 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
    bytes: 274_000_871,
    unpackedBytes: 853_308_936,
    platformTag: 'manylinux_2_27_x86_64',
  },
  'linux-x64-gpu': {
    project: 'tensorflow',
    version: tensorflowVersion,
    file: 'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
    sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
    bytes: 572_611_111,
    unpackedBytes: 1_259_021_080,
    platformTag: 'manylinux_2_27_x86_64',
  },
  'linux-arm64-cpu': {
    project: 'tensorflow',
    version: tensorflowVersion,
    file: 'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl',
    sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
    bytes: 281_946_471,
    unpackedBytes: 883_062_208,
    platformTag: 'manylinux_2_27_aarch64',
  },
};

/** Adds up to what the CUDA wheels take while they are set up, archives and contents together (an upper estimate). */
export const cudaBytes = 8_000_000_000;

/** Gives the oldest glibc the pinned wheels run on. */
export const oldestGlibc = '2.27';

/** Lists the libraries taken from a wheel, relative to its `tensorflow` folder. */
export const wheelLibraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** Lists the headers that the binding and the kernels include, directly or not, relative to `tensorflow/include`. */
const wheelHeaders = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/c_api_macros.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/c/experimental/stream_executor/stream_executor.h',
  'tensorflow/c/kernels.h',
  'tensorflow/c/ops.h',
  'tensorflow/c/tf_attrtype.h',
  'tensorflow/c/tf_buffer.h',
  'tensorflow/c/tf_datatype.h',
  'tensorflow/c/tf_status.h',
  'tensorflow/c/tf_tensor.h',
  'tensorflow/c/tf_tstring.h',
  'tensorflow/core/common_runtime/next_pluggable_device/c/tf_rendezvous_c_api.h',
  'tensorflow/core/platform/ctstring.h',
  'tensorflow/core/platform/ctstring_internal.h',
  'tsl/platform/ctstring.h',
  'tsl/platform/ctstring_internal.h',
  'tsl/platform/platform.h',
  'xla/tsl/c/tsl_status.h',
] as const;

/** Lists the paths inside the wheel that are unpacked; everything else stays packed. */
export const wheelContents: readonly string[] = [
  ...wheelLibraries.map((name) => `tensorflow/${name}`),
  ...wheelHeaders.map((name) => `tensorflow/include/${name}`),
];

/** Tells whether a path inside one of NVIDIA's wheels is needed: the libraries, and what XLA compiles kernels with. */
export function isCudaContent(path: string): boolean {
  return /^nvidia\/[^/]+\/lib\//.test(path) || /^nvidia\/cuda_nvcc\//.test(path);
}
