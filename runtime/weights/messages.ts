/** Answers for what is said to a user about files of weights: one function a message, and the error which carries them. */

/** Carries what is wrong with a file of weights, or with what it is taken for; `message` is ready to show. */
export class WeightsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WeightsError';
  }
}

const error = (message: string, hint: string, cause?: unknown): WeightsError =>
  new WeightsError(`${message}\nhint: ${hint}`, { cause });

export const noSuchFile = (path: string): WeightsError =>
  error(`there is no file '${path}'`, 'check the path; weights are .safetensors or .pth files');

export const unreadableFile = (path: string, code: string): WeightsError =>
  error(`'${path}' cannot be read (${code})`, 'name a file that you may read');

export const unknownFormat = (path: string): WeightsError =>
  error(
    `'${path}' is no file of weights: it is neither safetensors nor what torch.save writes`,
    'fetch it again where a download or Git LFS left another file in its place, or save the weights in Python with torch.save(network.state_dict(), "weights.pth")',
  );

export const folderOfWeights = (path: string): WeightsError =>
  error(`'${path}' is a folder`, 'name the file of weights in it');

export const damagedWeights = (path: string, why: string, cause?: unknown): WeightsError =>
  error(`'${path}' is damaged: ${why}`, 'fetch or save the file again', cause);

export const refusedWeights = (path: string, why: string, cause?: unknown): WeightsError =>
  error(
    `'${path}' is refused: ${why}; only tensors, numbers, texts and containers of them are read, and nothing in a file is ever run`,
    'where you trust the file, save its weights alone in Python: torch.save(network.state_dict(), "weights.pth")',
    cause,
  );

/** Says why a pickle is refused that names something of Python. */
export const refersTo = (name: string): string => `it refers to '${name}', which no tensor needs`;

/** Says why a pickle is refused that has an instruction which tensors do not need. */
export const instructs = (name: string, offset: number): string =>
  `it has the pickle instruction ${name} (byte ${offset}), which no tensor needs`;

export const noTensors = (path: string): WeightsError =>
  error(
    `'${path}' holds no tensors`,
    'save the weights in Python with torch.save(network.state_dict(), "weights.pth")',
  );

export const unreadableDtype = (path: string, name: string, dtype: string): WeightsError =>
  error(`'${name}' of '${path}' has dtype ${dtype}, which is not read`, 'convert it to float32 in Python');

export const noSuchMapping = (
  name: string,
  known: readonly string[],
  near: string | undefined,
): WeightsError =>
  error(
    `there is no mapping '${name}'`,
    `${near === undefined ? '' : `did you mean '${near}'? `}known are ${known.join(', ')}; a file of your own ends in .json`,
  );

export const badMapping = (path: string, why: string): WeightsError =>
  error(`the mapping '${path}' cannot be used: ${why}`, 'docs/weights.md says what a mapping holds');

export const oneNameForTwo = (official: string, ours: readonly [string, string]): WeightsError =>
  error(
    `the mapping names both '${ours[0]}' and '${ours[1]}' '${official}'`,
    'give each of them a rule of its own, the more special one first',
  );

export const notUnder = (path: string, inside: string, known: readonly string[]): WeightsError =>
  error(
    `'${path}' has nothing under '${inside}'`,
    known.length === 0 ? 'leave out --inside' : `it has ${known.join(', ')}`,
  );

/** Names a network and a mapping that a file fits. */
export interface Fitting {
  readonly network: string;
  /** The name of the mapping; nothing where our names fit. */
  readonly mapping: string | undefined;
}

export const doesNotFit = (report: string, instead: Fitting | undefined): WeightsError =>
  error(
    `${report}\nthe weights do not fit the network`,
    instead
      ? tryInstead(instead)
      : 'choose the spec and the mapping that belong to the file; --partial takes what fits and leaves the rest as it is',
  );

export const nothingFits = (report: string, instead: Fitting | undefined): WeightsError =>
  error(
    `${report}\nnone of the weights fits the network`,
    instead ? tryInstead(instead) : 'choose the spec, the network and the mapping that belong to the file',
  );

const tryInstead = ({ network, mapping }: Fitting): string =>
  `everything fits with --network ${network} ${mapping === undefined ? 'and no --mapping' : `--mapping ${mapping}`}`;

/** Prints a shape: `1024x36x3x3`, or `scalar`. */
export function showShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('x');
}
