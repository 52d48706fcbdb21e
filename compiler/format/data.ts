/** The schema of data: the folders of pictures and label maps, the meaning of their values, and the augmentation. */
import { longestSide, mostClasses, mostPictures } from './limits.ts';
import { axisOf } from './shared.ts';
import { boolean, choice, integer, integerFrom, listOf, number, object, text } from '../json/schema.ts';
import type { Schema, ValueOf } from '../json/schema.ts';
import type { TInteger, TObject } from 'typebox';

const sides = {
  width: axisOf('Columns.', { maximum: longestSide }),
  height: axisOf('Rows.', { maximum: longestSide }),
};
const sizeOf = (description: string, extra: Schema = {}): TObject<typeof sides> =>
  object(description, sides, {}, { title: 'a size such as 256x256', ...extra });

/** A value of a label map, of 16 bits. */
const value16 = (extra: Schema = {}): TInteger => integer({ minimum: 0, maximum: 65535, ...extra });

export const dataSchema = object(
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
    paired: choice(['photo_left', 'photo_right'], {
      description: 'Photograph and label map lie side by side in each file: where the photograph is.',
    }),
    /** By default, pictures are taken as stored, with a warning if they have orientation tags. */
    orientation: choice(['stored', 'exif'], {
      description:
        'Whether pictures are taken as stored (default), or turned as the orientation tags (EXIF) in their files say.',
    }),
    subfolders: boolean({ description: 'Whether files are searched for in subfolders, too.' }),
    /** Files without the suffix are skipped. */
    image_suffix: text('What names of photographs have before their ending and partners do not share.'),
    label_suffix: text('What names of label maps have before their ending and partners do not share.'),
    instance_suffix: text('What names of instance maps have before their ending and partners do not share.'),
    list: text(
      'A text file that names the pairs to train on, one a line; without it, all but those to test on.',
    ),
    test_list: text('A text file that names the pairs to test on, one a line.'),
    legend: text('A JSON file that names the classes and their colors; ids in it are values of label maps.'),
    names: listOf(text('A name.'), {
      description: 'Names of the classes in order.',
      minItems: 1,
      uniqueItems: true,
    }),
    colors: listOf(
      listOf(integer({ minimum: 0, maximum: 255 }), {
        description: 'RGB.',
        minItems: 3,
        maxItems: 3,
        title: 'a color such as [128, 64, 128]',
      }),
      { description: 'Colors of the classes in order.', minItems: 1 },
    ),
    ids_from: value16({ description: 'The value of class 0 in the label maps; 0 by default.' }),
    /**
     * Void values without a class of their own belong to the last class, which then has no value of its own (see
     * `compiler/format/labels.ts`).
     */
    void: listOf(value16(), {
      description: 'Values in the label maps of pixels that count nowhere.',
      minItems: 1,
      uniqueItems: true,
    }),
    label_format: choice(['ids', 'colors'], {
      description: 'Whether label maps hold ids (default), or the colors of classes.',
    }),
    color_distance: number({
      minimum: 0,
      description: "How far a pixel's color may be from that of a class, in RGB; 0 by default.",
    }),
    augment: listOf(choice(['flip']), {
      description: 'Random changes of training pictures.',
      uniqueItems: true,
    }),
    crop_from: sizeOf('What training pictures are scaled to before a random part is taken.'),
    /** The factor applies to `crop_from`, or to the data's size if that is not given. */
    scale: listOf(number({ exclusiveMinimum: 0 }), {
      description: 'The range of a random factor on the size that is cropped from.',
      minItems: 2,
      maxItems: 2,
      title: 'a range such as [1, 1.25]',
    }),
    jitter: listOf(number({ minimum: 0, exclusiveMaximum: 1 }), {
      description: 'How far brightness, contrast and saturation of training photographs vary around 1.',
      minItems: 3,
      maxItems: 3,
      title: 'three shares such as [0.2, 0.2, 0.2]',
    }),
  },
);

export type DataSpec = ValueOf<typeof dataSchema>;

/** The side of the photograph in a picture that holds it and its label map side by side. */
export type PhotoSide = NonNullable<DataSpec['paired']>;
