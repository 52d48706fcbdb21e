/** Checks a TensorFlow library that the user has installed and names with SPADEWORK_LIBTENSORFLOW. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LibraryPlace } from './compile.ts';
import { ownLibraryLacks } from './messages.ts';
import type { SpadeworkError } from '../../dsl/errors.ts';

const framework = 'libtensorflow_framework.so.2';
const interfaces = ['libtensorflow.so.2', 'libtensorflow_cc.so.2'];
const header = 'tensorflow/c/c_api.h';

/**
 * Finds libraries and headers below `folder`, which is the unpacked C library (`lib`, `include`) or the contents of a
 * wheel (with or without its `tensorflow` folder).
 */
export function findOwnLibrary(
  folder: string,
): (LibraryPlace & { readonly folder: string }) | SpadeworkError {
  const root = resolve(folder);
  if (!existsSync(root)) return ownLibraryLacks(root, ['everything: there is no such folder']);
  const libraryFolders = ['lib', '.', 'tensorflow'].map((name) => join(root, name));
  const headerFolders = ['include', 'tensorflow/include'].map((name) => join(root, name));
  const libraryFolder = libraryFolders.find((path) =>
    interfaces.some((name) => existsSync(join(path, name))),
  );
  const headers = headerFolders.find((path) => existsSync(join(path, header)));
  const missing = [
    libraryFolder === undefined ? interfaces.join(' (or ') + ')' : undefined,
    libraryFolder === undefined || !existsSync(join(libraryFolder, framework)) ? framework : undefined,
    headers === undefined ? `include/${header}` : undefined,
  ].filter((name) => name !== undefined);
  if (libraryFolder === undefined || headers === undefined || missing.length > 0)
    return ownLibraryLacks(root, missing);
  const library = interfaces.find((name) => existsSync(join(libraryFolder, name)))!;
  return {
    folder: root,
    libraries: [library, framework].map((name) => join(libraryFolder, name)),
    headers,
    rpath: libraryFolder,
  };
}
