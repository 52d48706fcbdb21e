/**
 * The JSON Schema of the spec: the table of composites gives the nodes, the rest is written here beside the types of
 * `compiler/format/types.ts`. Titles are noun phrases, which messages use; `examples` show how a missing setting is written.
 */
import { isVariadic } from '../ir/op.ts';
import { largestSize } from '../ir/types.ts';
import { composites, isRequired, type Composite, type SettingRule } from '../ops/composite/index.ts';
import {
  largestSeed,
  longestSide,
  mostClasses,
  mostPictures,
  specFormat,
  storedOrders,
} from '../format/types.ts';
import { ofClasses, ofPaintings } from '../metrics/index.ts';
import type { NumberRule } from '../optimizers/define.ts';
import { optimizers } from '../optimizers/index.ts';
import { optionalRules, rateRule } from '../optimizers/settings.ts';

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [key: string]: unknown };

const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const integerFrom = (minimum: number, description: string, extra: Schema = {}): Schema => ({
  type: 'integer',
  minimum,
  description,
  ...extra,
});
/** A size of an axis. */
const axisOf = (description: string, extra: Schema = {}): Schema =>
  integerFrom(1, description, { maximum: largestSize, ...extra });
const text = (description: string, extra: Schema = {}): Schema => ({
  type: 'string',
  minLength: 1,
  description,
  ...extra,
});
const listOf = (items: Schema, description: string, extra: Schema = {}): Schema => ({
  type: 'array',
  items,
  description,
  ...extra,
});

/** An object that knows its settings; those in `optional` may be left out. */
function object(
  description: string,
  required: Record<string, Schema>,
  optional: Record<string, Schema> = {},
): Schema {
  return {
    type: 'object',
    description,
    additionalProperties: false,
    required: Object.keys(required),
    properties: { ...required, ...optional },
  };
}

/** One of several kinds of object, told apart by the property `tag`. */
function union(tag: string, description: string, members: readonly Schema[]): Schema {
  return { type: 'object', description, discriminator: { propertyName: tag }, oneOf: members };
}

/** Sizes of axes. */
const axis = { type: 'integer', minimum: 1, maximum: largestSize };

const attrSchemas: Readonly<Record<SettingRule['type'], Schema>> = {
  int: { type: 'integer' },
  float: { type: 'number' },
  bool: { type: 'boolean' },
  string: { type: 'string' },
  ints: { type: 'array', items: axis },
  floats: { type: 'array', items: { type: 'number' }, minItems: 1 },
};

function attrSchema(rule: SettingRule): Schema {
  return {
    ...attrSchemas[rule.type],
    description: rule.doc,
    ...(rule.preset !== undefined && { default: rule.preset }),
    ...(rule.above !== undefined && { exclusiveMinimum: rule.above }),
    ...(rule.from !== undefined && { minimum: rule.from }),
    ...(rule.to !== undefined && { maximum: rule.to }),
  };
}

const nodeExtras: Record<string, Schema> = {
  scope: text('The path of the block instance that made the node, such as up_0.norm_0.'),
  at: ref('place'),
};

function nodeSchema(op: Composite): Schema {
  const rules = Object.entries(op.attrs);
  const required = rules.flatMap(([name, rule]) => (isRequired(rule) ? [name] : []));
  const attrs: Schema = {
    type: 'object',
    additionalProperties: false,
    required,
    properties: Object.fromEntries(rules.map(([name, rule]) => [name, attrSchema(rule)])),
  };
  const count = op.inputs.some(isVariadic)
    ? { minItems: 1 }
    : { minItems: op.inputs.length, maxItems: op.inputs.length };
  const inputs = listOf(ref('ref'), `Its inputs: ${op.inputs.join(', ') || 'none'}.`, count);
  const always = { id: ref('id'), op: { const: op.name }, inputs };
  return required.length > 0
    ? object(op.doc, { ...always, attrs }, nodeExtras)
    : object(op.doc, always, { ...(rules.length > 0 && { attrs }), ...nodeExtras });
}

const callSchema = object(
  'A call of a network that the spec defines; every call shares its variables.',
  {
    id: ref('id'),
    op: { const: 'call' },
    inputs: listOf(
      ref('ref'),
      "The network's inputs in order, all of them or all but noise; a label map's edges and instances follow its ids.",
    ),
    attrs: object('Which network.', { network: text('The name of a network.') }),
  },
  nodeExtras,
);

const shape = (description: string): Schema => listOf(axis, description);

const inputSchema = union('kind', 'What a network is given.', [
  object(
    'A label map: ids, and optionally instances: their edges as input <name>.edges, their ids as <name>.instances.',
    {
      name: ref('id'),
      kind: { const: 'labels' },
      width: axisOf('Columns.'),
      height: axisOf('Rows.'),
      classes: integerFrom(1, 'Number of ids, which run from 0.', { maximum: mostClasses }),
      edges: { type: 'boolean', description: 'Whether the map carries instances and their edges.' },
    },
  ),
  object('A tensor, such as a picture [height, width, 3].', {
    name: ref('id'),
    kind: { const: 'tensor' },
    shape: shape('Shape for one picture.'),
  }),
  object('Standard normal noise, drawn anew at every use in training.', {
    name: ref('id'),
    kind: { const: 'noise' },
    shape: shape('Shape for one picture.'),
  }),
  object(
    'What another network makes of the photograph; losses give it, and synthesis takes it from outside.',
    {
      name: ref('id'),
      kind: { const: 'encoded' },
      shape: shape('Shape for one picture.'),
      encoder: text('The name of the network, which stands before this one.'),
      sampled: {
        type: 'boolean',
        description:
          'Whether it gives [mean, log variance] of a normal distribution that is sampled, not one tensor.',
      },
    },
  ),
]);

const initializerSchema = union('kind', 'How a variable starts.', [
  object('One value everywhere.', { kind: { const: 'constant' }, value: { type: 'number' } }),
  object('Normal with std = gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010).', {
    kind: { const: 'xavier_normal' },
    gain: { type: 'number' },
  }),
  object('Normal.', {
    kind: { const: 'normal' },
    mean: { type: 'number' },
    std: { type: 'number', minimum: 0 },
  }),
  object('Uniform between two numbers.', {
    kind: { const: 'uniform' },
    low: { type: 'number' },
    high: { type: 'number' },
  }),
  object('The lengths of a parameter of the same network along its last axis, for weight normalization.', {
    kind: { const: 'lengths_of' },
    variable: text('The path of the parameter.'),
  }),
  object('A random vector of length 1.', { kind: { const: 'unit_vector' } }),
]);

const calledWith = listOf(
  object(
    'What a parameter was given.',
    {
      name: text('The name of the parameter.'),
      value: text('The value as the language writes it, such as 32 or spade(hidden: 128).'),
    },
    { default: { const: true, description: 'Whether the call left it out.' } },
  ),
  'The settings that the definition was called with; differences are named by them, and nothing is computed from them.',
);

const networkSchema = object(
  'A network: nodes in order of computation, over its inputs and its own variables.',
  {
    name: ref('id'),
    definition: text('The block that it is an instance of.'),
    inputs: listOf(inputSchema, 'What it is given.'),
    variables: listOf(
      object(
        'A variable.',
        {
          name: text('Its path, such as up_0.conv_0.weight; nodes refer to it as @<path>.', {
            pattern: '^[A-Za-z_0-9]+(\\.[A-Za-z_0-9]+)*$',
          }),
          role: {
            enum: ['parameter', 'state'],
            description: 'Whether it is trained, or moved by ops such as batch_norm.',
          },
          shape: shape('Its shape.'),
          initializer: initializerSchema,
        },
        {
          stored: {
            enum: Object.keys(storedOrders),
            description: "PyTorch's order of axes, where it is not the usual one for the rank.",
          },
        },
      ),
      'What it learns and keeps.',
    ),
    nodes: listOf(ref('node'), 'Its nodes; each may use only what stands before it.'),
    outputs: ref('refs'),
  },
  {
    arguments: calledWith,
    doc: text('What it is.'),
    weights: object(
      'Where its weights are read from before training. Without a loss of its own it stays as they say.',
      {
        path: text('A file of safetensors or PyTorch, relative to the spec.', {
          title: 'the path of a file',
        }),
      },
      {
        mapping: text("The mapping from the file's names to ours: its name, or a JSON file.", {
          title: 'the name of a mapping, or the path of one',
        }),
      },
    ),
    at: ref('place'),
  },
);

const objectiveSchema = object(
  "What is minimized over networks' parameters; the nodes' inputs are those of the data: labels, labels.edges, labels.instances, real.",
  {
    network: text('The network that is trained; it names the loss.'),
    nodes: listOf(ref('node'), 'Nodes, which may call networks.'),
    terms: listOf(
      object(
        'One summand.',
        {
          name: text('What reports call it.'),
          value: ref('id'),
        },
        {
          definition: text('The block that it calls.'),
          arguments: calledWith,
        },
      ),
      'The summands: scalar nodes, with their factors applied.',
      { minItems: 1 },
    ),
  },
  {
    together: listOf(text('A network.'), 'Other networks that are trained on the same loss.', {
      minItems: 1,
      uniqueItems: true,
    }),
    at: ref('place'),
  },
);

const sizeOf = (description: string, extra: Schema = {}): Schema => ({
  ...object(description, {
    width: axisOf('Columns.', { maximum: longestSide }),
    height: axisOf('Rows.', { maximum: longestSide }),
  }),
  title: 'a size such as 256x256',
  ...extra,
});
const value16 = { type: 'integer', minimum: 0, maximum: 65535 };

const dataSchema = object(
  'What to train on.',
  {
    name: text('What reports call it.'),
    path: text('The folder that the others lie in, relative to the spec.', { examples: ['data/camvid'] }),
    images: text('The folder of photographs.', { examples: ['train'] }),
    labels: text('The folder of label maps; that of the photographs where these are paired.', {
      examples: ['trainannot'],
    }),
    classes: integerFrom(1, 'Number of classes; ids run from 0.', { maximum: mostClasses, examples: [12] }),
    size: sizeOf('Width and height of training pictures.', { examples: [{ width: 256, height: 256 }] }),
    batch: axisOf('Pictures in a step.', { maximum: mostPictures, examples: [1] }),
  },
  {
    instances: text('The folder of instance maps.'),
    test_images: text('The folder of photographs to test on.'),
    test_labels: text('The folder of label maps to test on.'),
    test_instances: text('The folder of instance maps to test on.'),
    preset: text('The known data set that the language took settings from; they are written out here.'),
    paired: {
      enum: ['photo_left', 'photo_right'],
      description: 'Photograph and label map lie side by side in each file: where the photograph is.',
    },
    orientation: {
      enum: ['stored', 'exif'],
      description:
        'Whether pictures are taken as stored (default), or turned as the orientation tags (EXIF) in their files say.',
    },
    subfolders: { type: 'boolean', description: 'Whether files are searched for in subfolders, too.' },
    image_suffix: text('What names of photographs have before their ending and partners do not share.'),
    label_suffix: text('What names of label maps have before their ending and partners do not share.'),
    instance_suffix: text('What names of instance maps have before their ending and partners do not share.'),
    list: text(
      'A text file that names the pairs to train on, one a line; without it, all but those to test on.',
    ),
    test_list: text('A text file that names the pairs to test on, one a line.'),
    legend: text('A JSON file that names the classes and their colors; ids in it are values of label maps.'),
    names: listOf(text('A name.'), 'Names of the classes in order.', { minItems: 1, uniqueItems: true }),
    colors: listOf(
      {
        ...listOf({ type: 'integer', minimum: 0, maximum: 255 }, 'RGB.', { minItems: 3, maxItems: 3 }),
        title: 'a color such as [128, 64, 128]',
      },
      'Colors of the classes in order.',
      { minItems: 1 },
    ),
    ids_from: { ...value16, description: 'The value of class 0 in the label maps; 0 by default.' },
    void: listOf(value16, 'Values in the label maps of pixels that count nowhere.', {
      minItems: 1,
      uniqueItems: true,
    }),
    label_format: {
      enum: ['ids', 'colors'],
      description: 'Whether label maps hold ids (default), or the colors of classes.',
    },
    color_distance: {
      type: 'number',
      minimum: 0,
      description: "How far a pixel's color may be from that of a class, in RGB; 0 by default.",
    },
    augment: listOf({ enum: ['flip'] }, 'Random changes of training pictures.', { uniqueItems: true }),
    crop_from: sizeOf('What training pictures are scaled to before a random part is taken.'),
    scale: listOf(
      { type: 'number', exclusiveMinimum: 0 },
      'The range of a random factor on the size that is cropped from.',
      { minItems: 2, maxItems: 2, title: 'a range such as [1, 1.25]' },
    ),
    jitter: listOf(
      { type: 'number', minimum: 0, exclusiveMaximum: 1 },
      'How far brightness, contrast and saturation of training photographs vary around 1.',
      { minItems: 3, maxItems: 3, title: 'three shares such as [0.2, 0.2, 0.2]' },
    ),
  },
);

/** A number that an optimizer is given. */
function settingSchema({ doc, isInteger = false, from, above, below }: NumberRule): Schema {
  return {
    type: isInteger ? 'integer' : 'number',
    ...(from !== undefined && { minimum: from }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    ...(below !== undefined && { exclusiveMaximum: below }),
    description: doc,
  };
}

const settingSchemas = (rules: Readonly<Record<string, NumberRule>>): Record<string, Schema> =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, settingSchema(rule)]));

const optimizersSchema = union(
  'kind',
  'What moves the parameters of one network.',
  optimizers.map(({ kind, doc, settings }) =>
    object(
      doc,
      {
        network: text('The network.'),
        kind: { const: kind },
        ...settingSchemas({ rate: rateRule, ...settings }),
      },
      settingSchemas(optionalRules),
    ),
  ),
);

const trainSchema = object(
  'How to train.',
  { optimizers: listOf(optimizersSchema, 'One optimizer for each network that is trained.') },
  {
    steps: integerFrom(1, 'Length of the training in steps.'),
    epochs: integerFrom(1, 'Length of the training in epochs.'),
    decay_from: integerFrom(0, 'The epoch after which the rates fall linearly, to reach 0 at the end.'),
    accumulate: integerFrom(1, 'Parts that a batch is taken in, their gradients summed up before an update.'),
    updates: {
      enum: ['in_turn', 'at_once'],
      description:
        'Whether each loss sees what the one before it changed, with a picture made anew (default), or all are computed at once, from one picture.',
    },
    precision: {
      enum: ['float32', 'bfloat16'],
      description:
        'What convolutions and matrix products of a training step compute in: float32 (default), or bfloat16 with sums, weights, statistics and optimizers in float32.',
    },
    seed: integerFrom(0, 'Where random numbers start.', { maximum: largestSeed }),
    sample_every: integerFrom(1, 'Steps between sample pictures.'),
    checkpoint_every: integerFrom(1, 'Steps between checkpoints.'),
    evaluate_every: integerFrom(
      1,
      'Steps between measurements on held-out pairs; the checkpoint of the best one is kept.',
    ),
    best: {
      enum: [...ofPaintings, ...ofClasses].map(({ name }) => name),
      description: `What tells the best checkpoint: ${ofPaintings[0]?.name} by default where a network paints, else ${ofClasses[0]?.name}.`,
    },
  },
);

const propertiesOf = (section: 'data' | 'train'): Readonly<Record<string, Schema | undefined>> =>
  (section === 'data' ? dataSchema : trainSchema)['properties'] as Readonly<Record<string, Schema>>;

/** Lists the settings that a section may have. */
export function settingNames(section: 'data' | 'train'): string[] {
  return Object.keys(propertiesOf(section));
}

/** Tells whether a setting is a text, or a list of them. */
export function isTextSetting(section: 'data' | 'train', name: string): boolean {
  const schema = propertiesOf(section)[name];
  const one = (schema?.['items'] ?? schema) as Schema | undefined;
  return one?.['type'] === 'string' || one?.['enum'] !== undefined;
}

/** Makes the published schema of specs (specs/schema/spec.schema.json), draft 7. */
export function specSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'spadework/spec/1',
    title: 'a Spadework spec',
    ...object(
      'A flat, declarative node graph: networks, losses and training. Shapes leave the batch out.',
      {
        format: { const: specFormat, description: 'The version of this format.', examples: [specFormat] },
        name: text('The name of the experiment or network.', { examples: ['my_experiment'] }),
        sources: listOf({ type: 'string' }, 'The texts that places point into, by name; may be empty.', {
          examples: [[]],
        }),
        networks: listOf(networkSchema, 'The networks; one may call those before it.', { examples: [[]] }),
        objectives: listOf(objectiveSchema, 'The losses, in the order in which a training step takes them.', {
          examples: [[]],
        }),
      },
      { $schema: { type: 'string' }, doc: text('What it is.'), data: dataSchema, train: trainSchema },
    ),
    $defs: {
      id: {
        type: 'string',
        pattern: '^[A-Za-z_][A-Za-z_0-9]*$',
        title: 'a name of letters, digits and _',
        description: 'A name.',
      },
      ref: {
        type: 'string',
        pattern: '^(@[A-Za-z_0-9.]+|[A-Za-z_][A-Za-z_0-9]*(\\.(edges|instances))?(/[0-9]+)*)$',
        title: 'a reference such as n12, n3/0/1, @conv_0.weight or seg.edges',
        description: 'A value: a node, a leaf of a call, a variable, or an input.',
      },
      refs: {
        description: 'One reference, or nested lists of them.',
        title: 'a reference or a list of them',
        anyOf: [ref('ref'), { type: 'array', minItems: 1, items: ref('refs') }],
      },
      place: {
        description: 'Where it was written: [index into sources, start, end].',
        type: 'array',
        items: { type: 'integer', minimum: 0 },
        minItems: 3,
        maxItems: 3,
      },
      node: union('op', 'One op.', [...[...composites.values()].map(nodeSchema), callSchema]),
    },
  };
}
