/** Is the door to the engines: choosing, setting up, loading, removing and examining them. */
export { cacheFolder } from './cache.ts';
export { chooseEngine, type Engine, type EngineRequest } from './choose.ts';
export { doctor, type Check, type DoctorOptions } from './doctor.ts';
export { ensureNativeEngine, findNativeEngine } from './install.ts';
export type { NativeTensorFlow } from './load-binding.ts';
export { measureConvolution } from './measure.ts';
export { formatBytes } from './messages.ts';
export { loadNative, placeBinding } from './native.ts';
export { loadPortable, type PortableBackend, type PortableTensorFlow } from './portable.ts';
export { removeEngine } from './remove.ts';
export { renderDoctor } from './render-doctor.ts';
export { SetupFailure, type EngineOptions, type Log, type ReadyEngine, type Unavailable } from './types.ts';
