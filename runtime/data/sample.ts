/** Answers for one sample: reads its files, checks them against each other and the classes, scales them. */
import { shortageOf } from '../base/shortage.ts';
import { labelDecoder, type LabelCoding } from './coding.ts';
import {
  decodeColors,
  decodeIds,
  decodePhoto,
  denseIds,
  edgesOf,
  halfOf,
  idsOfColors,
  isTransparent,
  PictureError,
  readHeader,
  resizeNearest,
  type Colored,
  type Half,
  type Header,
  type IdMap,
  type RgbMap,
  type Size,
} from './decode.ts';
import { readRegular, whyUnread } from './files.ts';
import type { Fault, Findings, Note, Role } from './findings.ts';
import { isGreyByte } from './formats.ts';
import { headerNotes, isDark, mapNotes } from './notes.ts';
import type { Pair } from './pair.ts';
import { TallySum, tallyColors, tallyValues } from './tally.ts';

/** What every sample of a data set is read with. */
export interface SampleSettings {
  /** What label maps hold. */
  readonly coding: LabelCoding;
  /** The half that the photo is, where it lies beside its label map in one file. */
  readonly photoHalf?: Half | undefined;
  /** Whether pictures are turned as their orientation tags say; by default they are taken as stored. */
  readonly isTurned?: boolean | undefined;
}

/** A sample in the little room that the cache and the way between threads want; all of one size. */
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

/** A sample, or everything wrong with it. */
export type Outcome = { readonly sample: DecodedSample } | { readonly faults: readonly Fault[] };

/** What a close look at a sample shows. */
export interface Examined {
  readonly findings: Findings;
  /** The sample, where it was asked for and nothing is wrong with it. */
  readonly sample: DecodedSample | undefined;
  /** The maps as they are stored, as far as they could be read. */
  readonly label: IdMap | undefined;
  readonly instances: IdMap | undefined;
  /** Sizes of the label map and the photo. */
  readonly labelSize: Size | undefined;
  readonly photoSize: Size | undefined;
}

/** Reads a file: whoever wants its bytes for more than one thing keeps them. */
export type ReadContent = (file: string) => Promise<Buffer>;

/** Reads samples of a data set. */
export interface SampleReader {
  /** Gives a sample at a size. */
  decode(pair: Pair, size: Size): Promise<Outcome>;
  /**
   * Looks at everything in a sample that may be wrong or read otherwise than it was meant. The photo is decoded as `decode` does,
   * to a size; of that without one, no more than the header is read.
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

  /** Reads the maps and the photo of a sample; `looks` has what is odd about them noted and counted. */
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

    /** Reads a file and uses its content; that this fails is a fault. */
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
      // Of paired pictures, the header is noted once, with the photo.
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

    /** Compares a photo with its label map; tells whether they agree where orientation tags are read the other way. */
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

    /** Decodes a photo as ever, but has what the decoder warns of noted. */
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

/** Takes the half of a picture that is meant. Throws a PictureError where it is too narrow for two. */
function partOf(map: RgbMap, half: Half | undefined): RgbMap {
  if (half === undefined) return map;
  if (map.width < 2) throw new PictureError('damaged', 'it is too narrow to hold two pictures side by side');
  return halfOf(map, half);
}

const named = (file: string, { width, height }: Size) => ({ file, width, height });

/** Tells whether two pictures show the same view: width : height agree as well as whole pixels allow. */
function sameShape(a: Size, b: Size): boolean {
  return Math.abs(a.width * b.height - b.width * a.height) < Math.max(a.width, a.height, b.width, b.height);
}
