/** What is said about what a page gives: one function a message. */
import { inputError, type SpadeworkError } from '../../dsl/errors.ts';

export const damagedVariables = (why: string): SpadeworkError =>
  inputError(
    'damaged-variables',
    `the bytes of the variables are damaged: ${why}`,
    "give all bytes of a checkpoint's variables.safetensors; a server may have answered with a page in its place",
  );

export const namedMapping = (name: string): SpadeworkError =>
  inputError(
    'named-mapping',
    `the mapping '${name}' is a file, which pages do not read`,
    'give its rules: mapping: [{ ours, official }]',
  );

export const frozenMissing = (networks: readonly string[]): SpadeworkError =>
  inputError(
    'frozen-weights-missing',
    `nothing gives the weights of ${networks.join(', ')}, which no training changes and no checkpoint holds`,
    "fetch them from the run's folder, weights/<network>.safetensors, and give their bytes by network: frozen: { name: bytes }",
  );

export const frozenIncomplete = (network: string, missing: readonly string[]): SpadeworkError =>
  inputError(
    'frozen-weights-incomplete',
    `the bytes of ${network} lack ${missing.join(', ')}`,
    `give all bytes of weights/${network}.safetensors, which lies in the run's folder`,
  );

export const wrongSize = (found: string, expected: string): SpadeworkError =>
  inputError(
    'wrong-image-size',
    `the image has ${found} pixels, expected ${expected}`,
    'scale it by drawing it onto a canvas of that size',
  );

export const notGrey = (x: number, y: number, color: string): SpadeworkError =>
  inputError(
    'not-grey',
    `the pixel (${x}, ${y}) is rgb(${color}), expected a grey whose value is a class`,
    'read maps of colors with labelsByColor',
  );

export const noSuchValue = (x: number, y: number, value: number): SpadeworkError =>
  inputError(
    'no-such-class',
    `the pixel (${x}, ${y}) is ${value}, which is no value of the data's label maps`,
    'the data section of the spec says which values there are: classes, ids_from, void',
  );

export const noSuchColor = (x: number, y: number, color: string): SpadeworkError =>
  inputError(
    'no-such-color',
    `the pixel (${x}, ${y}) is rgb(${color}), the color of no class`,
    'draw without smoothing (context.imageSmoothingEnabled = false), in the colors of the classes',
  );

export const noContext = (): SpadeworkError =>
  inputError(
    'no-canvas-context',
    'the canvas has no context for pictures: it is drawn on in another way already',
    'give a canvas of its own',
  );
