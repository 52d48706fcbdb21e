/** Tests trainings on any engine with a tiny experiment, from the first step to synthesis. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { specFormat } from '../../compiler/format/types.ts';
import { variablesOf } from '../../compiler/build/step.ts';
import { layoutOf, lockFile, readRunFolder, type FullRunRecord } from '../../runtime/run/folder.ts';
import { resume } from '../../runtime/train/train.ts';
import { synth } from '../../runtime/synthesize/synthesize.ts';
import {
  allCheckpointsDamaged,
  folderInUse,
  learnsNothing,
  moreStepsDone,
  noBest,
  noRun,
  notARunFolder,
  nothingMissing,
  replaying,
  runFolderExists,
  runPlaceNoFolder,
  wouldOverwrite,
} from '../../runtime/run/messages.ts';
import { markBest, readBest, stepName } from '../../runtime/run/checkpoint.ts';
import { psnr } from '../../compiler/metrics/psnr.ts';
import { readSafetensors } from '../../runtime/weights/safetensors.ts';
import { initialValues } from '../../runtime/session/session.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';
import {
  makeTinyExperiment,
  removeFolder,
  tinySegmenterSpec,
  tinySpec,
  type TinyVariant,
  trainText,
} from './tiny-experiment.ts';
import { full } from './engines.ts';
import { readEvents } from './read-events.ts';
import { statefulSpec } from './stateful-experiment.ts';

const lightSpec = (variant: TinyVariant = {}): string => tinySpec({ ...variant, light: true });

/** Tests training, resuming and synthesis on an engine. */
export function testTrainingOn(engine: 'native' | 'portable'): void {
  // Tests that do not depend on the engine run on the portable one.
  const rest = engine === 'native' ? full : {};
  let folder: string;
  let spec: string;
  const at = (...path: string[]): string => join(folder, ...path);
  const run = (out: string, text: string, options: Partial<Parameters<typeof trainText>[2]> = {}) =>
    trainText(text, spec, { engine, out: at(out), ...options });
  const finalBytes = (out: string, step = 6): Buffer =>
    readFileSync(join(layoutOf(at(out)).checkpoints, stepName(step), 'variables.safetensors'));
  const metricsOf = (out: string): MetricRecord[] =>
    readFileSync(layoutOf(at(out)).metrics, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as MetricRecord);

  beforeAll(async () => {
    ({ folder, spec } = await makeTinyExperiment());
    await run('first', lightSpec());
  });
  afterAll(() => removeFolder(folder));

  describe('a run', rest, () => {
    it('leaves its spec, record, losses, samples, page and the last two checkpoints', () => {
      const layout = layoutOf(at('first'));
      expect(readFileSync(layout.source, 'utf8')).toBe(lightSpec());
      expect(readFileSync(layout.library, 'utf8')).toContain('network SpadeGenerator');
      expect(readdirSync(layout.checkpoints).sort()).toEqual(['step-000004', 'step-000006']);
      expect(readdirSync(layout.samples).sort()).toEqual([
        'step-000003',
        'step-000003.png',
        'step-000006',
        'step-000006.png',
      ]);
      const pictures = ['label', 'painted', 'photo'].flatMap((kind) => [`${kind}-0.png`, `${kind}-1.png`]);
      expect(readdirSync(join(layout.samples, 'step-000006')).sort()).toEqual(pictures);
      expect(existsSync(at('first', 'index.html'))).toBe(true);
      const record = JSON.parse(readFileSync(layout.run, 'utf8')) as FullRunRecord;
      expect(record).toMatchObject({
        status: 'finished',
        steps: 6,
        seed: 7,
        engine: { kind: engine },
        data: { pairs: 5, heldOut: true },
      });
      expect(record.memory?.end.tensors).toBe(record.memory?.early.tensors);
    });

    it('records finite losses of every term and lengths of gradients, at every step', () => {
      const records = metricsOf('first');
      expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      for (const { losses, gradients } of records) {
        expect(gradients).toEqual({ G: expect.any(Number) as number, D: expect.any(Number) as number });
        expect(Object.keys(losses['G'] ?? {})).toEqual(['gan_generator', 'feature_matching']);
        expect(Object.keys(losses['D'] ?? {})).toEqual(['gan_fake', 'gan_real']);
        for (const terms of Object.values(losses))
          for (const value of Object.values(terms)) expect(value).toSatisfy(Number.isFinite);
      }
      expect(records[4]?.epoch).toBe(2);
    });

    it('moves every weight, from where the seed puts it', async () => {
      await run('short', lightSpec(), { steps: 1 });
      const { layout, spec: trained } = readRunFolder(at('short'));
      // Biases before a norm have a gradient of zero up to rounding.
      const parameters = variablesOf(trained).filter(
        ({ role, name }) => role === 'parameter' && name.endsWith('.weight'),
      );
      const initial = initialValues(parameters, 7);
      const file = join(layout.checkpoints, stepName(1), 'variables.safetensors');
      const { tensors } = await readSafetensors(file);
      const moved = parameters.filter(({ name }) => {
        const before = initial.get(name)!;
        return tensors.get(name)!.values.some((value, i) => value !== before[i]);
      });
      expect(moved).toEqual(parameters);
    });

    it('gives the same bits again for the same seed, and others for another seed', async () => {
      await run('again', lightSpec());
      expect(finalBytes('again').equals(finalBytes('first'))).toBe(true);
      await run('other', lightSpec(), { seed: 8 });
      expect(finalBytes('other').equals(finalBytes('first'))).toBe(false);
    });

    it('paints training maps where the data holds no others, and says so', async () => {
      const lines: string[] = [];
      const result = await run('no-test', lightSpec({ test: false }), {
        steps: 1,
        observer: { log: (line) => lines.push(line) },
      });
      expect(lines.join('\n')).toContain('5 maps of the training data');
      const record = JSON.parse(readFileSync(layoutOf(result.folder).run, 'utf8')) as FullRunRecord;
      expect(record.data.heldOut).toBe(false);
    });

    it('trains and paints with noise', async () => {
      const result = await run('latent', tinySpec({ latent: true }), { steps: 2 });
      expect(result.status).toBe('finished');
    });

    it('trains and paints with noise alone', async () => {
      const network = `network Blind(z: Latent) -> Image {
  return ((z |> fold(height: 32, width: 32, channels: 3)) + parameter([3], init: zeros()) as shift) |> tanh
}

experiment`;
      const text = lightSpec()
        .replace('experiment', network)
        .replace(/let G = .*/, 'let G = Blind(z: noise(3072))');
      const result = await run('blind', text, { steps: 1 });
      expect(result.status).toBe('finished');
      const { pictures } = await synth({
        run: at('blind'),
        labels: at('data', 'test-labels'),
        out: at('blindly-painted'),
        engine,
        command: 'spadework synth',
      });
      const [a, b] = await Promise.all(pictures.map((file) => sharp(file).raw().toBuffer()));
      expect(a!.length).toBe(3 * 32 * 32);
      expect(a!.equals(b!)).toBe(false);
    });

    it('without a network that paints learns to find classes, and shows those of held-out photographs', async () => {
      const result = await run('segments', tinySegmenterSpec());
      const { samples, folder: of } = layoutOf(at('segments'));
      expect((JSON.parse(readFileSync(layoutOf(of).run, 'utf8')) as FullRunRecord).task).toBe('segment');
      for (const map of [0, 1]) {
        const [found, truth] = await Promise.all(
          ['painted', 'label'].map((kind) =>
            sharp(join(samples, stepName(60), `${kind}-${map}.png`))
              .raw()
              .toBuffer(),
          ),
        );
        const pixels = found!.length / 3;
        const equal = Array.from({ length: pixels }, (_, pixel) =>
          [0, 1, 2].every((channel) => found![3 * pixel + channel] === truth![3 * pixel + channel]),
        ).filter(Boolean).length;
        expect(equal / pixels).toBeGreaterThan(0.95);
      }
      expect(readFileSync(result.page, 'utf8')).toContain('What it sees');
    });

    it('that neither paints nor finds classes has losses alone', async () => {
      await run('losses', tinySegmenterSpec(2), { steps: 2 });
      expect(existsSync(layoutOf(at('losses')).samples)).toBe(false);
      expect(metricsOf('losses')).toHaveLength(2);
    });

    it('stops at a loss that is not finite, and keeps the good checkpoint', async () => {
      const exploding = run('exploding', lightSpec({ rate: '1e30' }));
      await expect(exploding).rejects.toThrow(
        /^error\[training-not-finite\]: training stopped: .* not a finite number at step [12]; no checkpoint/,
      );
      await run('late', lightSpec(), { steps: 2 });
      const { spec: specFile, checkpoints } = layoutOf(at('late'));
      writeFileSync(specFile, readFileSync(specFile, 'utf8').replaceAll('"rate":0.001', '"rate":1e30'));
      const late = resume({ folder: at('late'), steps: 6, engine });
      await expect(late).rejects.toThrow(
        /not a finite number at step [34]; the checkpoint of step 2 is good and stays/,
      );
      expect(readdirSync(checkpoints)).toEqual(['step-000002']);
      const { record } = readRunFolder(at('late'));
      expect(record.status).toBe('failed');
      expect(readFileSync(layoutOf(at('late')).page, 'utf8')).toContain('failed');
    });

    it('names the line that made the first value that is not finite', async () => {
      const before = `block unsteady(x) {
  slope = x - x
  return mean(x / slope)
}`;
      const text = statefulSpec({ steps: 4, before, term: ' + unsteady(fake())' });
      const line = text.split('\n').findIndex((one) => one.includes('x / slope')) + 1;
      const lines: string[] = [];
      const dividing = run('dividing', text, { observer: { log: (line) => lines.push(line) } });
      const error = await dividing.then(
        () => '',
        ({ message }: Error) => message,
      );
      expect(lines.at(-1)).toBe(replaying(0));
      expect(error).toMatch(
        /^error\[training-not-finite\]: training stopped: G\/unsteady, .* not a finite number at step 1; no checkpoint/,
      );
      expect(error).toContain('div gives the first value that is not finite, at step 1');
      expect(error).toContain(`tiny.spade:${line}:15\n`);
      expect(error).toContain(`${line} |   return mean(x / slope)`);
      expect(error).toMatch(/= operand 1, tanh: \[1, 32, 32, 3\] -?0\.\d+ to 0\.\d+\n/);
      expect(error).toContain('= operand 2, sub: [1, 32, 32, 3] 0\n');
      expect(error).toContain('= hint: keep the divisor away from 0');
    });

    it('says which network learns nothing, once', async () => {
      const text = lightSpec().replace(/loss G = .*/, 'loss G = mean(0 * fake())');
      const lines: string[] = [];
      await run('idle', text, { steps: 14, observer: { log: (line) => lines.push(line) } });
      expect(lines.filter((line) => line === learnsNothing('G', 1))).toHaveLength(1);
      expect(lines.filter((line) => line.includes('gradients of D'))).toEqual([]);
    });

    it('refuses what no memory of this machine holds, before it reads data', async () => {
      const pictures = lightSpec()
        .replace(/size: \d+x\d+/, 'size: 65536x65536')
        .replace(/batch: \d+/, 'batch: 65536');
      await expect(run('pictures', pictures)).rejects.toThrow(
        /pictures of a batch [^;]*; this machine has .*\nhint: lower batch/,
      );
      const wide = ' |> conv(15000)'.repeat(60);
      const weights = lightSpec().replace('|> conv(4)', `|> conv(4)${wide} |> conv(4)`);
      await expect(run('weights', weights)).rejects.toThrow(
        /this machine has .*\nhint: make the networks smaller/,
      );
      expect(existsSync(at('pictures'))).toBe(false);
    });

    it('finds where an explosion begins by doing the steps since the last checkpoint again', async () => {
      const text = statefulSpec({ steps: 400, train: 'checkpoint_every: 2, sample_every: 400', rate: '3e4' });
      const lines: string[] = [];
      const exploding = run('runaway', text, { observer: { log: (line) => lines.push(line) } });
      const error = await exploding.then(
        () => '',
        ({ message }: Error) => message,
      );
      const step = Number(/not a finite number at step (\d+);/.exec(error)?.[1]);
      expect(step).toBeGreaterThan(1);
      const saved = /the checkpoint of step (\d+) is good/.exec(error)?.[1];
      expect(lines.at(-1)).toBe(replaying(step - 1 - Number(saved ?? 0)));
      expect(error).toMatch(/\w+ gives the first value that is not finite, at step \d+/);
      expect(error).toMatch(/= operand 1, \w+: \[.*\] /);
      // The texts are stored in the run, so a resumed run names the line as well.
      const again = resume({ folder: at('runaway'), engine });
      const origin = error.slice(error.indexOf('error[first-not-finite]'), error.indexOf('\n\n2 errors'));
      expect(origin).toContain('operand 1');
      await expect(again).rejects.toThrow(origin);
    });

    it('never takes a checkpoint with weights that are not finite for a good one', async () => {
      // Too large for float32: the step's outputs are finite, the weights after its last update are not.
      const text = statefulSpec({ steps: 4, train: 'checkpoint_every: 1' }).replace(
        'sgd(rate: 1e-3',
        'sgd(rate: 1e39',
      );
      await expect(run('overflowing', text)).rejects.toThrow(
        /^error\[training-not-finite\]: training stopped: D\.\S+ is not a finite number at step 1; no checkpoint[^]*input 'D\/rate' gives the first/,
      );
      // Without a checkpoint it starts again, and ends in the same way.
      await expect(resume({ folder: at('overflowing'), engine })).rejects.toThrow(
        /not a finite number at step 1;/,
      );
    });

    it('is not trained into a folder with other things', async () => {
      await expect(run('first', lightSpec())).rejects.toThrow(runFolderExists(at('first')).message);
      mkdirSync(at('mine'));
      writeFileSync(at('mine', 'letter.txt'), 'dear');
      // A hint must not suggest what it says is useless.
      for (const overwrite of [true, false])
        await expect(run('mine', lightSpec(), { overwrite })).rejects.toThrow(
          notARunFolder(at('mine')).message,
        );
      const letter = at('mine', 'letter.txt');
      await expect(run(join('mine', 'letter.txt'), lightSpec())).rejects.toThrow(
        runPlaceNoFolder(letter).message,
      );
    });
  });

  describe('overwriting', rest, () => {
    it('leaves the old run alone where the new one cannot start', async () => {
      await run('precious', lightSpec(), { steps: 1 });
      const before = readdirSync(at('precious'));
      const missing = run('precious', lightSpec(), { overwrite: true, data: at('nowhere') });
      await expect(missing).rejects.toThrow('does not exist');
      expect(readdirSync(at('precious'))).toEqual(before);
      expect(finalBytes('precious', 1).length).toBeGreaterThan(0);
    });

    it('replaces a run, also one of which only the spec was written', async () => {
      await run('precious', lightSpec(), { steps: 2, overwrite: true });
      expect(metricsOf('precious').map(({ step }) => step)).toEqual([1, 2]);
      expect(existsSync(join(layoutOf(at('precious')).checkpoints, stepName(1)))).toBe(false);
      mkdirSync(at('half-made'));
      writeFileSync(layoutOf(at('half-made')).spec, JSON.stringify({ format: specFormat }));
      const result = await run('half-made', lightSpec(), { steps: 1, overwrite: true });
      expect(result.status).toBe('finished');
    });
  });

  describe('a folder in use', rest, () => {
    it('is refused to another training, and free again after a killed one', async () => {
      const file = join(at('first'), lockFile);
      const inUse = folderInUse(at('first'), file).message;
      const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      writeFileSync(file, JSON.stringify({ pid: holder.pid, host: hostname() }));
      await expect(run('first', lightSpec(), { overwrite: true })).rejects.toThrow(inUse);
      await expect(resume({ folder: at('first'), engine })).rejects.toThrow(inUse);
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
      expect(await resume({ folder: at('first'), engine })).toMatchObject({ status: 'finished', steps: 6 });
      expect(existsSync(file)).toBe(false);
    });

    it('is told within one process, too', async () => {
      const attempts: Promise<unknown>[] = [];
      const observer = {
        stepped: () =>
          attempts.push(expect(resume({ folder: at('busy'), engine })).rejects.toThrow('another process')),
      };
      await run('busy', lightSpec(), { steps: 1, observer });
      expect(attempts.length).toBe(1);
      await Promise.all(attempts);
    });
  });

  describe('going on', () => {
    it('keeps the new length, and no records of steps that are done again', async () => {
      await run('longer', lightSpec(), { steps: 2 });
      const { metrics } = layoutOf(at('longer'));
      const stray = readFileSync(metrics, 'utf8').split('\n')[1]!.replace('"step":2', '"step":5');
      writeFileSync(metrics, `${readFileSync(metrics, 'utf8')}${stray}\n{"step":6,"los`);
      const stop = new AbortController();
      const observer = { stepped: () => stop.abort() };
      await resume({ folder: at('longer'), engine, steps: 6, signal: stop.signal, observer });
      expect(readRunFolder(at('longer')).spec.train?.steps).toBe(6);
      expect(metricsOf('longer').map(({ step }) => step)).toEqual([1, 2, 3]);
      expect(await resume({ folder: at('longer'), engine })).toMatchObject({ status: 'finished', steps: 6 });
      expect(finalBytes('longer').equals(finalBytes('first'))).toBe(true);
    });

    it('after a stop ends with the same bits as never stopping', async () => {
      const stop = new AbortController();
      const observer = { stepped: ({ step }: MetricRecord) => step === 3 && stop.abort() };
      const stopped = await run('halted', lightSpec(), { signal: stop.signal, observer });
      expect(stopped).toMatchObject({ status: 'stopped', steps: 3 });
      const resumed = await resume({ folder: at('halted'), engine });
      expect(resumed).toMatchObject({ status: 'finished', steps: 6 });
      expect(finalBytes('halted').equals(finalBytes('first'))).toBe(true);
      const told = (out: string): unknown[] =>
        readEvents(layoutOf(at(out)).events).filter(({ tag }) => !tag.startsWith('time/'));
      expect(told('halted')).toEqual(told('first'));
      const tags = new Set(readEvents(layoutOf(at('first')).events).map(({ tag }) => tag));
      expect([...tags].sort()).toEqual([
        'gradient length/D',
        'gradient length/G',
        'loss/D/gan_fake',
        'loss/D/gan_real',
        'loss/G/feature_matching',
        'loss/G/gan_generator',
        'rate/D',
        'rate/G',
        'samples',
        'time/seconds per step',
        'weights/D',
        'weights/G',
      ]);
      expect(metricsOf('halted').map(({ losses }) => losses)).toEqual(
        metricsOf('first').map(({ losses }) => losses),
      );
    });

    it('takes the checkpoint before a damaged one, says so, and ends with the same bits', rest, async () => {
      await run('damaged', lightSpec(), { steps: 4 });
      truncateSync(join(layoutOf(at('damaged')).checkpoints, 'step-000004', 'variables.safetensors'), 1000);
      const lines: string[] = [];
      await resume({
        folder: at('damaged'),
        engine,
        steps: 6,
        observer: { log: (line) => lines.push(line) },
      });
      expect(lines[0]).toMatch(
        /^warning\[checkpoint-left-out\]: the checkpoint '.*step-000004' is damaged: .*; taking the checkpoint of step 2 instead$/,
      );
      expect(finalBytes('damaged').equals(finalBytes('first'))).toBe(true);
    });

    it('of a finished run says that nothing is missing, and makes again what was deleted', rest, async () => {
      cpSync(at('first'), at('complete'), { recursive: true });
      const layout = layoutOf(at('complete'));
      const lines: string[] = [];
      const again = () =>
        resume({ folder: at('complete'), engine, observer: { log: (line) => lines.push(line) } });
      const before = readFileSync(join(layout.samples, `${stepName(6)}.png`));
      expect(await again()).toMatchObject({ status: 'finished', steps: 6, stepsNow: 0 });
      expect(lines).toEqual([nothingMissing(6, true)]);
      const events = readEvents(layout.events).map(({ tag, step }) => `${tag} ${step}`);
      for (const part of [join(layout.samples, stepName(6)), layout.page, layout.events])
        rmSync(part, { recursive: true });
      expect(await again()).toMatchObject({ status: 'finished', steps: 6, stepsNow: 0 });
      expect(readFileSync(join(layout.samples, `${stepName(6)}.png`)).equals(before)).toBe(true);
      expect(readdirSync(join(layout.samples, stepName(6)))).toHaveLength(6);
      expect(existsSync(layout.page)).toBe(true);
      // Weights of earlier steps are gone, and so are their histograms.
      const gone = (one: string): boolean => /^weights\/\w 3$/.test(one);
      const found = readEvents(layout.events).map(({ tag, step }) => `${tag} ${step}`);
      expect(found.sort()).toEqual(events.filter((one) => !gone(one)).sort());
    });

    it('is refused for fewer steps than are done and for a folder without a run', rest, async () => {
      const options = { engine };
      await expect(resume({ ...options, folder: at('first'), steps: 4 })).rejects.toThrow(
        moreStepsDone(at('first'), 6, 4).message,
      );
      await expect(resume({ ...options, folder: at('data') })).rejects.toThrow(noRun(at('data')).message);
    });
  });

  describe('measuring', rest, () => {
    const measured = 'evaluate_every: 2, checkpoint_every: 5, sample_every: 12, best: "PSNR"';
    const text = statefulSpec({ steps: 12, train: measured });
    const evaluationsOf = (out: string) =>
      metricsOf(out).flatMap(({ step, evaluation }) => (evaluation ? [{ step, evaluation }] : []));
    const checkpointsOf = (out: string): string => layoutOf(at(out)).checkpoints;

    it('keeps the checkpoint of the best step, which paints as well as was measured', async () => {
      await run('measured', text);
      const found = evaluationsOf('measured');
      expect(found.map(({ step }) => step)).toEqual([2, 4, 6, 8, 10, 12]);
      for (const { evaluation } of found) expect(Object.keys(evaluation)).toEqual(['SSIM', 'PSNR', 'L1']);
      const best = found.reduce((a, b) => (b.evaluation['PSNR']! > a.evaluation['PSNR']! ? b : a));
      expect(readBest(checkpointsOf('measured'))).toBe(best.step);
      expect(readRunFolder(at('measured')).record.best).toEqual({ step: best.step, metric: 'PSNR' });
      const { pictures } = await synth({
        run: at('measured'),
        checkpoint: 'best',
        labels: at('data', 'test-labels'),
        out: at('best-painted'),
        engine,
        command: 'spadework synth',
      });
      const values = await Promise.all(
        pictures.map(async (file, index) => {
          const photo = at('data', 'test-photos', `test${index}.png`);
          const [a, b] = await Promise.all([file, photo].map((one) => sharp(one).raw().toBuffer()));
          const size = { width: 32, height: 32 };
          return psnr.compare({ ...size, data: a! }, { ...size, data: b! });
        }),
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      // Generated one by one rather than in a batch, whose sums may be rounded differently.
      expect(mean).toBeCloseTo(best.evaluation['PSNR']!, 1);
    });

    it('goes on after a stop to the same numbers and the same best', async () => {
      const stop = new AbortController();
      const observer = { stepped: ({ step }: MetricRecord) => step === 7 && stop.abort() };
      await run('measured-halted', text, { signal: stop.signal, observer });
      await resume({ folder: at('measured-halted'), engine });
      expect(evaluationsOf('measured-halted')).toEqual(evaluationsOf('measured'));
      expect(readBest(checkpointsOf('measured-halted'))).toBe(readBest(checkpointsOf('measured')));
      const bytes = (out: string): Buffer => finalBytes(out, 12);
      expect(bytes('measured-halted').equals(bytes('measured'))).toBe(true);
    });

    it('keeps the best beside the last two, also when it is much older', async () => {
      const { checkpoints } = layoutOf(at('measured'));
      const best = readBest(checkpoints)!;
      const kept = readdirSync(checkpoints).filter((name) => name.startsWith('step-'));
      expect(kept).toContain(stepName(best));
      await markBest(checkpoints, 12);
      await resume({ folder: at('measured'), engine, steps: 30 });
      const left = readdirSync(checkpoints).filter((name) => name.startsWith('step-'));
      expect(left).toContain(stepName(readBest(checkpoints)!));
      expect(left.length).toBeLessThanOrEqual(4);
    });

    it('scores the classes that a segmenter finds', async () => {
      await run('segmenter-measured', tinySegmenterSpec().replace('steps:', 'evaluate_every: 1, steps:'), {
        steps: 2,
      });
      const found = evaluationsOf('segmenter-measured');
      expect(found.map(({ evaluation }) => Object.keys(evaluation))).toEqual([
        ['mIoU', 'pixel accuracy', 'boundary F1'],
        ['mIoU', 'pixel accuracy', 'boundary F1'],
      ]);
      for (const value of found.flatMap(({ evaluation }) => Object.values(evaluation)))
        expect(value).toSatisfy((one: number) => one >= 0 && one <= 1);
    });

    it('is no checkpoint to paint with where none was kept', async () => {
      const labels = at('data', 'test-labels');
      const options = { run: at('first'), checkpoint: 'best', labels, out: at('nowhere'), engine } as const;
      await expect(synth({ ...options, command: 'spadework synth' })).rejects.toThrow(
        noBest(at('first')).message,
      );
    });
  });

  describe('painting', rest, () => {
    const paintWith = (options: Partial<Parameters<typeof synth>[0]> = {}) =>
      synth({
        run: at('first'),
        labels: at('data', 'test-labels'),
        out: at('painted'),
        engine,
        command: 'spadework synth',
        ...options,
      });

    it('paints every map of a folder as the samples of the last step show them', async () => {
      const { pictures, page } = await paintWith({ images: at('data', 'test-photos') });
      expect(pictures).toEqual([at('painted', 'test0.png'), at('painted', 'test1.png')]);
      expect(readFileSync(page, 'utf8')).toContain('test1.png');
      for (const [index, picture] of pictures.entries()) {
        const sample = join(layoutOf(at('first')).samples, 'step-000006', `painted-${index}.png`);
        const [a, b] = await Promise.all([picture, sample].map((file) => sharp(file).raw().toBuffer()));
        // The samples were generated in a batch, whose sums may be rounded differently.
        a!.forEach((value, i) => expect(Math.abs(value - b![i]!)).toBeLessThanOrEqual(1));
      }
    });

    it('scales maps of another size, and says so', async () => {
      mkdirSync(at('large'));
      await sharp(at('data', 'test-labels', 'test0.png'))
        .resize(64, 64, { kernel: 'nearest' })
        .toColourspace('b-w')
        .toFile(at('large', 'test0.png'));
      const lines: string[] = [];
      const { pictures } = await paintWith({
        labels: at('large'),
        out: at('from-large'),
        log: (line) => lines.push(line),
      });
      expect(lines.join('\n')).toContain('1 of 1 label maps has another size');
      expect(readFileSync(pictures[0]!).equals(readFileSync(at('painted', 'test0.png')))).toBe(true);
    });

    it('does not overwrite what it paints from', async () => {
      const labels = at('data', 'labels');
      const refused = wouldOverwrite(labels, at('data')).message;
      await expect(paintWith({ labels, out: at('data') })).rejects.toThrow(refused);
    });

    it('is refused where no checkpoint is whole', async () => {
      await run('broken', lightSpec(), { steps: 1 });
      const checkpoint = join(layoutOf(at('broken')).checkpoints, 'step-000001');
      const file = join(checkpoint, 'variables.safetensors');
      const bytes = readFileSync(file);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(file, bytes);
      const why = `the checkpoint '${checkpoint}' is damaged: variables.safetensors: its bytes are not those that were saved (SHA-256 differs)`;
      await expect(paintWith({ run: at('broken') })).rejects.toThrow(
        allCheckpointsDamaged(at('broken'), [why]).message,
      );
    });
  });
}
