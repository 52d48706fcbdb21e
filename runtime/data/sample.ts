/** Reads one sample: decodes its files, checks them against each other and the classes, and scales them. */
import { shortageOf } from '../base/shortage.ts';
import { labelDecoder, type LabelCoding } from './coding.ts';
import {
  decodeColors,
  decodeIds,
  decodePhoto,
  halfOf,
  idsOfColors,
  isTransparent,
  PictureError,
  readHeader,
  type Colored,
  type Half,
  type Header,
  type RgbMap,
} from './decode.ts';
import { denseIds, edgesOf, resizeNearest, type IdMap, type Size } from './maps.ts';
import { readRegular, whyUnread } from './files.ts';
import type { Fault, Findings, Note, Role } from './findings.ts';
import { isGreyByte } from './formats.ts';
import { headerNotes, isDark, mapNotes } from './notes.ts';
import type { Pair } from './pair.ts';
import { TallySum, tallyColors, tallyValues } from './tally.ts';

/** The settings for reading samples of a data set. */
export interface SampleSettings {
  /** The encoding of label maps. */
  readonly coding: LabelCoding;
  /** The half with the photo, if photo and label map are side by side in one file. */
  readonly photoHalf?: Half | undefined;
  /** Whether orientation tags are applied; by default pixels stay as stored. */
  readonly isTurned?: boolean | undefined;
}

/** A sample in compact types, for the cache and for sending between threads; all arrays have one size. */
export interface DecodedSample {
  /** Class ids, [H,W]. */
  readonly labels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  /** 1 at instance borders, else 0, [H,W]. */
  readonly edges: Uint8Array<ArrayBuffer> | undefined;
  /** Ids of instances from 0, without gaps, [H,W]. */
  readonly instances: Uint16Array<ArrayBuffer> | undefined;
  /** RGB, [H,W,3]. */
  readonly image: Uint8Array<ArrayBuffer> | undefined;
}

/** A sample, or all its faults. */
export type Outcome = { readonly sample: DecodedSample } | { readonly faults: readonly Fault[] };

/** The result of examining a sample. */
export interface Examined {
  readonly findings: Findings;
  /** The sample, if it was requested and has no fault. */
  readonly sample: DecodedSample | undefined;
  /** The label map as stored, if it could be read. */
  readonly label: IdMap | undefined;
  readonly instances: IdMap | undefined;
  /** Sizes of the label map and the photo. */
  readonly labelSize: Size | undefined;
  readonly photoSize: Size | undefined;
}

/** Reads a file; a caller that needs its bytes several times can cache them. */
export type ReadContent = (file: string) => Promise<Buffer>;

/** Reads samples of a data set. */
export interface SampleReader {
  /** Gives a sample at a size. */
  decode(pair: Pair, size: Size): Promise<Outcome>;
  /**
   * Finds everything in a sample that may be wrong or read differently than intended. The photo is decoded to `size`,
   * as by `decode`; without a size only its header is read.
   */
  examine(pair: Pair, size: Size | undefined, read?: ReadContent): Promise<Examined>;
}

/** Makes the reader of a data set's samples. */
export function sampleReader(settings: SampleSettings): SampleReader {
  const { coding, photoHalf } = settings;
  const decoder = labelDecoder(coding);
  const declared = new Set(decoder.declared);
  const mapHalf = photoHalf && (photoHalf === 'left' ? 'right' : 'left');
  const pictureRole: Role = photoHalf ? 'paired pictures' : 'label maps';

  /** Reads the maps and the photo of a sample; `looks` enables notes and counts. */
  class Reading {
    readonly faults: Fault[] = [];
    readonly notes: Note[] = [];
    readonly tally = new TallySum();
    label: IdMap | undefined;
    labelSize: Size | undefined;
    instances: IdMap | undefined;
    photoSize: Size | undefined;
    image: Uint8Array<ArrayBuffer> | undefined;
    private labelHeader: Header | undefined;

    constructor(
      private readonly pair: Pair,
      private readonly size: Size | undefined,
      private readonly looks: boolean,
      private readonly read: ReadContent = readRegular,
    ) {}

    async all(): Promise<this> {
      const { label, instances, image } = this.pair;
      await this.with(label, pictureRole, (content) => this.readLabel(label, content));
      if (instances !== undefined)
        await this.with(instances, 'instance maps', (content) => this.readInstances(instances, content));
      if (image !== undefined)
        await this.with(image, photoHalf ? pictureRole : 'photos', (content) =>
          this.readPhoto(image, content),
        );
      return this;
    }

    sample(): DecodedSample | undefined {
      const { label, instances, size } = this;
      if (label === undefined || size === undefined || this.faults.length > 0) return undefined;
      const ids = resizeNearest(label, size);
      const scaled = instances && resizeNearest(instances, size);
      return {
        labels: decoder.narrow ? new Uint8Array(ids) : new Uint16Array(ids),
        edges: scaled && edgesOf(scaled, size),
        instances: scaled && denseIds(scaled),
        image: this.image,
      };
    }

    /** Reads a file and processes its content; a failure becomes a fault. */
    private async with(file: string, role: Role, use: (content: Buffer) => Promise<void>): Promise<void> {
      let content: Buffer;
      try {
        content = await this.read(file);
      } catch (error) {
        this.faults.push({ kind: 'unread', file, role, reason: whyUnread(file, error) });
        return;
      }
      try {
        await use(content);
      } catch (error) {
        if (shortageOf(error) || !(error instanceof PictureError)) throw error;
        this.faults.push({ kind: 'undecoded', file, role, why: error.why, reason: error.message });
      }
    }

    private async readLabel(file: string, content: Buffer): Promise<void> {
      const map =
        coding.colors || mapHalf ? partOf(await decodeColors(content, settings), mapHalf) : undefined;
      if (coding.colors && map) this.readColors(file, map);
      else if (map) this.readValues(file, idsOfColors(map), true);
      else this.readValues(file, await decodeIds(content, settings), isGreyByte(content));
      if (!this.looks) return;
      const isByColors = coding.colors !== undefined || mapHalf !== undefined;
      this.labelHeader = await readHeader(content, settings);
      const noted = { file, role: pictureRole, content };
      // The header of a paired picture is noted once, with the photo.
      if (!mapHalf) this.notes.push(...headerNotes(noted, this.labelHeader, true));
      this.notes.push(...(await mapNotes(noted, this.tally.sum, declared, isByColors)));
    }

    private readColors(file: string, map: RgbMap): void {
      const found = decoder.colors(map);
      this.labelSize = map;
      if (this.looks) this.tally.add(tallyColors(map.rgb, map.width));
      if ('ids' in found) this.label = found;
      else this.faults.push({ kind: 'color', file, found });
    }

    private readValues(file: string, stored: IdMap | Colored, isShown: boolean): void {
      if (!('ids' in stored)) {
        this.reportColors(file, pictureRole, stored);
        return;
      }
      const found = decoder.values(stored);
      this.labelSize = stored;
      if (this.looks) this.tally.add(tallyValues(stored.ids, stored.width, isShown));
      if ('ids' in found) this.label = found;
      else this.faults.push({ kind: 'value', file, found });
    }

    private reportColors(file: string, role: Role, { x, y, color, map }: Colored): void {
      this.faults.push({ kind: 'colored', file, role, x, y, color });
      if (this.looks && map && role !== 'instance maps') this.tally.add(tallyColors(map.rgb, map.width));
    }

    private async readInstances(file: string, content: Buffer): Promise<void> {
      const map = await decodeIds(content, settings);
      if ('ids' in map) this.instances = map;
      else this.reportColors(file, 'instance maps', map);
      const { labelSize, instances } = this;
      if (labelSize && instances && !sameShape(labelSize, instances))
        this.faults.push({
          kind: 'shape',
          first: named(this.pair.label, labelSize),
          second: named(file, instances),
          isTurned: false,
        });
      if (!this.looks) return;
      const noted = { file, role: 'instance maps', content } as const;
      this.notes.push(...headerNotes(noted, await readHeader(content, settings), true));
    }

    private async readPhoto(file: string, content: Buffer): Promise<void> {
      const header = await readHeader(content, settings, photoHalf);
      this.photoSize = header.size;
      const fitsOtherwise = this.compareShapes(file, header);
      const role = photoHalf ? pictureRole : 'photos';
      if (this.looks) this.notes.push(...headerNotes({ file, role, content }, header, fitsOtherwise));
      if (!this.size) return;
      this.image = this.looks
        ? await this.decodeClosely(file, role, content, this.size)
        : await decodePhoto(content, this.size, settings, photoHalf);
      if (!this.looks) return;
      if (header.hasAlpha && !photoHalf && (await isTransparent(content)))
        this.notes.push({ kind: 'transparent', file, role });
      if (header.isDeep && isDark(this.image)) this.notes.push({ kind: 'dark', file, role });
    }

    /**
     * Compares the shapes of a photo and its label map; tells whether they agree if orientation tags are treated the
     * other way.
     */
    private compareShapes(file: string, { size, otherSize }: Header): boolean {
      const { labelSize, labelHeader } = this;
      if (labelSize === undefined) return true;
      const otherLabel = labelHeader && !photoHalf ? labelHeader.otherSize : labelSize;
      const fitsOtherwise = sameShape(otherLabel, otherSize);
      if (!sameShape(labelSize, size))
        this.faults.push({
          kind: 'shape',
          first: named(file, size),
          second: named(this.pair.label, labelSize),
          isTurned: fitsOtherwise,
        });
      return fitsOtherwise;
    }

    /** Decodes a photo as usual, and notes the decoder's warnings. */
    private async decodeClosely(
      file: string,
      role: Role,
      content: Buffer,
      size: Size,
    ): Promise<Uint8Array<ArrayBuffer>> {
      try {
        return await decodePhoto(content, size, { ...settings, isStrict: true }, photoHalf);
      } catch (error) {
        const image = await decodePhoto(content, size, settings, photoHalf);
        this.notes.push({ kind: 'doubtful', file, role, reason: (error as Error).message });
        return image;
      }
    }
  }

  return {
    async decode(pair, size) {
      const reading = await new Reading(pair, size, false).all();
      const sample = reading.sample();
      return sample ? { sample } : { faults: reading.faults };
    },
    async examine(pair, size, read) {
      const reading = await new Reading(pair, size, true, read).all();
      const { faults, notes, tally, label, instances, labelSize, photoSize } = reading;
      return {
        findings: { faults, notes, tally: tally.sum },
        sample: reading.sample(),
        label,
        instances,
        labelSize: labelSize && { width: labelSize.width, height: labelSize.height },
        photoSize,
      };
    },
  };
}

/** Takes the selected half of a picture. Throws a PictureError if it is too narrow to split. */
function partOf(map: RgbMap, half: Half | undefined): RgbMap {
  if (half === undefined) return map;
  if (map.width < 2) throw new PictureError('damaged', 'it is too narrow to hold two pictures side by side');
  return halfOf(map, half);
}

const named = (file: string, { width, height }: Size) => ({ file, width, height });

/** Tells whether two pictures have the same aspect ratio, up to rounding to whole pixels. */
function sameShape(a: Size, b: Size): boolean {
  return Math.abs(a.width * b.height - b.width * a.height) < Math.max(a.width, a.height, b.width, b.height);
}
