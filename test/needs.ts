/**
 * Lists requirements of tests that some machines lack. A test names its need by a tag (`{ tags: 'needs-ray' }`) and is
 * skipped if that is missing; `npm test` reports missing needs with reasons, and counts any other skip as a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findCompiler } from '../runtime/engine/compile.ts';
import { findNativeEngine } from '../runtime/engine/install.ts';
import { chooseWheels, detectPlatform } from '../runtime/engine/platform.ts';
import { findChromium } from './support/chromium.ts';
import { findRay } from './support/ray.ts';
import { findTensorBoard } from './support/tensorboard.ts';

export interface Need {
  /** The tags of tests. */
  readonly tag: string;
  /** The requirement, and why some machines lack it. */
  readonly reason: string;
  readonly isMissing: () => boolean | Promise<boolean>;
}

const isMissingBeside = (path: string) => () =>
  !existsSync(fileURLToPath(new URL(`../../shared/${path}`, import.meta.url)));

export const needs: readonly Need[] = [
  {
    tag: 'needs-native',
    reason: 'TensorFlow is set up: this needs a C++ compiler, and a Python package index once',
    isMissing: async () => (await findNativeEngine({ log: () => undefined })).kind === 'unavailable',
  },
  {
    tag: 'needs-compiler',
    reason: 'there is a C++ compiler',
    isMissing: () => findCompiler(process.env) === undefined,
  },
  {
    tag: 'needs-library',
    reason: 'TensorFlow is published for this platform',
    isMissing: () => 'kind' in chooseWheels(detectPlatform({ SPADEWORK_DEVICE: 'cpu' })),
  },
  {
    tag: 'needs-linux',
    reason: 'this is Linux, which says in /proc what memory is used for',
    isMissing: () => process.platform !== 'linux',
  },
  {
    tag: 'needs-permissions',
    reason: 'this user is not root, whom permissions of files do not stop',
    isMissing: () => process.getuid?.() === 0,
  },
  {
    tag: 'needs-fixtures',
    reason:
      'large fixtures made with the official code lie beside the checkout: they are too large to be committed',
    isMissing: isMissingBeside('parity'),
  },
  {
    tag: 'needs-weights',
    reason: 'pretrained weights lie beside the checkout: their licences and sizes keep them out of it',
    isMissing: isMissingBeside('data/weights'),
  },
  {
    tag: 'needs-data-sets',
    reason: 'samples of data sets lie beside the checkout: their licences and sizes keep them out of it',
    isMissing: isMissingBeside('data'),
  },
  {
    tag: 'needs-mounts',
    reason: 'user namespaces may mount file systems: some kernels and containers forbid it',
    isMissing: () =>
      spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k none /mnt']).status !== 0,
  },
  {
    tag: 'needs-chromium',
    reason: 'Chromium is installed: on the path, or as SPADEWORK_TEST_CHROMIUM names it',
    isMissing: () => findChromium() === undefined,
  },
  {
    tag: 'needs-tensorboard',
    reason:
      'a Python has the package tensorboard: python3, or the one that SPADEWORK_TENSORBOARD_PYTHON names',
    isMissing: () => findTensorBoard() === undefined,
  },
  {
    tag: 'needs-ray',
    reason: 'the command ray is installed: on the path, or as SPADEWORK_TEST_RAY names it',
    isMissing: () => findRay() === undefined,
  },
];
