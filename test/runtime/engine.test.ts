/** Tests the set-up of the native engine: checks of downloads, unpacking, cleaning up, and messages. */
import { SpadeworkError } from '../../dsl/errors.ts';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createBuildFolder,
  engineKey,
  enginesFolder,
  removeHalves,
  whileLocked,
} from '../../runtime/engine/cache.ts';
import { findCommand } from '../../runtime/engine/commands.ts';
import { compileBinding, findCompiler } from '../../runtime/engine/compile.ts';
import { cudaRequirements } from '../../runtime/engine/cuda.ts';
import { configuredIndexUrl, indexUrlOf } from '../../runtime/engine/index-url.ts';
import { ensureNativeEngine, findNativeEngine } from '../../runtime/engine/install.ts';
import { placeBinding } from '../../runtime/engine/native.ts';
import { removeEngine } from '../../runtime/engine/remove.ts';
import * as messages from '../../runtime/engine/messages.ts';
import { ensureKernels, kernelsFile } from '../../runtime/engine/kernels.ts';
import { findOwnLibrary } from '../../runtime/engine/own-library.ts';
import { chooseWheels, compareVersions, type Platform } from '../../runtime/engine/platform.ts';
import { wheelContents, wheels } from '../../runtime/engine/recipe.ts';
import { findFileUrl } from '../../runtime/engine/simple-index.ts';
import { takeFromFolder, unpackArchive } from '../../runtime/engine/unpack.ts';
import { obtainWheel, verifyDigest } from '../../runtime/engine/wheel.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-engine-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const silent = () => undefined;

/** Gives an environment without this machine's programs, and with an empty cache and home. */
function bareEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: join(folder, 'no-programs'), HOME: folder, SPADEWORK_CACHE: join(folder, 'cache'), ...more };
}

/** Writes a zip archive whose entries are stored without compression. */
function writeZip(path: string, entries: Readonly<Record<string, string>>): void {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const [title, data] = [Buffer.from(name), Buffer.from(text)];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(data.length, 22);
    local.writeUInt16LE(title.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(20, 6);
    local.copy(central, 16, 14, 30);
    central.writeUInt32LE(offset, 42);
    locals.push(local, title, data);
    centrals.push(central, title);
    offset += local.length + title.length + data.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(path, Buffer.concat([...locals, directory, end]));
}

describe('the digest', () => {
  const sha256OfHello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

  it('is accepted where the bytes are the published ones', async () => {
    writeFileSync(join(folder, 'hello'), 'hello');
    await verifyDigest(join(folder, 'hello'), { file: 'hello', sha256: sha256OfHello });
  });

  it('refuses other bytes and names both digests', async () => {
    writeFileSync(join(folder, 'hello'), 'Hello');
    const check = verifyDigest(join(folder, 'hello'), { file: 'hello', sha256: sha256OfHello });
    await expect(check).rejects.toThrow(SpadeworkError);
    await expect(check).rejects.toThrow(/hello was refused: its SHA-256 is 185f8db32.*expected 2cf24dba5fb/);
  });

  it('refuses a wheel that a package tool delivers with other bytes', async () => {
    // A fake "pip", as of a compromised index, that writes other content under the right name.
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    const script =
      '#!/bin/sh\nfor last; do dest="$previous"; previous="$last"; done\nmkdir -p "$dest"; echo evil > "$dest/$FILE"\n';
    writeFileSync(join(programs, 'pip'), script, { mode: 0o755 });
    for (const tool of ['sh', 'mkdir']) symlinkSync(findCommand(tool, process.env)!, join(programs, tool));
    const wheel = wheels['linux-x64-cpu'];
    const environment = bareEnvironment({ PATH: programs, FILE: wheel.file });
    const obtained = obtainWheel(wheel, { folder, environment, log: silent, progress: false });
    await expect(obtained).rejects.toThrow(/was refused: its SHA-256 is/);
  });
});

describe('unpacking', () => {
  const library = wheelContents[0]!;

  it('takes only what is wanted out of an archive', async () => {
    const archive = join(folder, 'small.whl');
    writeZip(archive, {
      [library]: 'library',
      'tensorflow/python/big.so': 'big',
      'x.dist-info/METADATA': 'meta',
    });
    const taken = await unpackArchive(archive, join(folder, 'out'), (path) => wheelContents.includes(path));
    expect(taken).toEqual([library]);
    expect(readFileSync(join(folder, 'out', library), 'utf8')).toBe('library');
    expect(readdirSync(join(folder, 'out', 'tensorflow'))).toEqual(['libtensorflow_cc.so.2']);
  });

  it('refuses an archive whose paths lead out of the folder', async () => {
    const archive = join(folder, 'evil.whl');
    writeZip(archive, { '../evil': 'evil' });
    await expect(unpackArchive(archive, join(folder, 'out'), () => true)).rejects.toThrow(
      /invalid relative path/,
    );
    expect(existsSync(join(folder, 'evil'))).toBe(false);
  });

  it('takes only what is wanted out of a folder', () => {
    const source = join(folder, 'in', 'tensorflow');
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, 'libtensorflow_cc.so.2'), 'library');
    writeFileSync(join(source, 'other.so'), 'other');
    const taken = takeFromFolder(join(folder, 'in'), join(folder, 'out'), (path) => path === library);
    expect(taken).toEqual([library]);
    expect(readdirSync(join(folder, 'out', 'tensorflow'))).toEqual(['libtensorflow_cc.so.2']);
  });

  it('reads the CUDA requirements out of the metadata of a wheel', () => {
    const metadata = [
      'Requires-Dist: numpy>=1.26.0',
      'Provides-Extra: and-cuda',
      'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
      'Requires-Dist: something; extra == "gcs-filesystem"',
      "Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7 ; extra == 'and-cuda'",
    ].join('\n');
    expect(cudaRequirements(metadata)).toEqual([
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-nccl-cu12<3.0,>=2.27.7',
    ]);
  });
});

describe('the package index', () => {
  const file = wheels['linux-x64-cpu'].file;

  it('comes from the default, a file, or a variable, the variable counting most', () => {
    const environment = bareEnvironment({
      XDG_CONFIG_DIRS: folder,
      PIP_CONFIG_FILE: join(folder, 'own.conf'),
    });
    writeFileSync(join(folder, 'own.conf'), '[list]\nindex-url = https://wrong/\n');
    expect(configuredIndexUrl({ ...environment, PIP_CONFIG_FILE: '/dev/null' })).toBeUndefined();
    writeFileSync(join(folder, 'own.conf'), '[global]\nindex-url = https://mirror.example/simple\n');
    expect(configuredIndexUrl(environment)).toBe('https://mirror.example/simple/');
    expect(configuredIndexUrl({ ...environment, UV_DEFAULT_INDEX: 'work=https://uv.example/simple/' })).toBe(
      'https://uv.example/simple/',
    );
    expect(configuredIndexUrl({ ...environment, PIP_INDEX_URL: 'https://pip.example/' })).toBe(
      'https://pip.example/',
    );
  });

  it('is read from the section for downloads before the global one', () => {
    expect(indexUrlOf('[global]\nindex_url: https://a/\n[download]\nindex-url=https://b/\n')).toBe(
      'https://b/',
    );
    expect(indexUrlOf('[global]\n# index-url = https://a/\nextra-index-url = https://c/\n')).toBeUndefined();
  });

  it('is understood as a JSON page and as an HTML page', () => {
    const json = JSON.stringify({
      files: [
        { filename: 'other.whl', url: 'o' },
        { filename: file, url: `../f/${file}` },
      ],
    });
    const html = `<a href="o">other.whl</a><br><a data-x='1' href="../f/${file}#sha256=00&amp;x=1" data-y="&gt;=3">\n${file}</a>`;
    const page = 'https://mirror.example/simple/tensorflow-cpu/';
    expect(findFileUrl({ text: json, contentType: 'application/vnd.pypi.simple.v1+json' }, page, file)).toBe(
      `https://mirror.example/simple/f/${file}`,
    );
    expect(findFileUrl({ text: html, contentType: 'text/html; charset=utf-8' }, page, file)).toBe(
      `https://mirror.example/simple/f/${file}#sha256=00&x=1`,
    );
    expect(findFileUrl({ text: html, contentType: 'text/html' }, page, 'absent.whl')).toBeUndefined();
  });
});

describe('the platform', () => {
  const linux: Platform = { system: 'linux', architecture: 'x64', glibc: '2.36', nvidia: false };

  it('decides which wheels are tried, the one for a GPU first', () => {
    expect(chooseWheels(linux)).toEqual(['linux-x64-cpu']);
    expect(chooseWheels({ ...linux, nvidia: true })).toEqual(['linux-x64-gpu', 'linux-x64-cpu']);
    expect(chooseWheels({ ...linux, architecture: 'arm64', nvidia: true })).toEqual(['linux-arm64-cpu']);
  });

  it('is refused with a reason where no wheel fits', () => {
    expect(chooseWheels({ ...linux, system: 'win32' })).toEqual(messages.unsupportedPlatform('win32-x64'));
    expect(chooseWheels({ ...linux, system: 'darwin', architecture: 'arm64' })).toEqual(
      messages.unsupportedPlatform('darwin-arm64'),
    );
    expect(chooseWheels({ ...linux, glibc: undefined })).toEqual(messages.muslPlatform());
    expect(chooseWheels({ ...linux, glibc: '2.17' })).toEqual(messages.oldGlibc('2.17', '2.27'));
  });

  it('has its versions compared as numbers', () => {
    expect(compareVersions('2.9', '2.27')).toBeLessThan(0);
    expect(compareVersions('20.11.1', '20.11')).toBeGreaterThan(0);
    expect(compareVersions('2.27', '2.27')).toBe(0);
  });
});

describe('an engine that cannot be set up', { tags: 'needs-library' }, () => {
  it('is reported as data where there is no compiler, before anything is downloaded', async () => {
    const lines: string[] = [];
    const result = await ensureNativeEngine({
      environment: bareEnvironment({ SPADEWORK_DEVICE: 'cpu' }),
      log: (line) => lines.push(line),
    });
    expect(result).toEqual({ kind: 'unavailable', error: messages.noCompiler() });
    expect(lines).toEqual([]);
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it('is reported with every way of downloading that failed, and leaves nothing behind', async () => {
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'g++'), '#!/bin/sh\n', { mode: 0o755 });
    const environment = bareEnvironment({
      PATH: programs,
      PIP_INDEX_URL: 'file:///nowhere',
      SPADEWORK_DEVICE: 'cpu',
    });
    const result = await ensureNativeEngine({ environment, log: silent });
    expect(result).toMatchObject({
      kind: 'unavailable',
      error: {
        what: expect.stringMatching(
          /pip was not found; uv was not found; HTTP: the configured index is not/,
        ) as string,
      },
    });
    expect(readdirSync(enginesFolder(environment))).toEqual([]);
  });

  it('is reported where the cache cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'c++'), '#!/bin/sh\n', { mode: 0o755 });
    const environment = bareEnvironment({
      PATH: programs,
      SPADEWORK_CACHE: join(folder, 'file', 'cache'),
      SPADEWORK_DEVICE: 'cpu',
    });
    const result = await ensureNativeEngine({ environment, log: silent });
    const error = messages.unwritableCache(enginesFolder(environment), 'ENOTDIR');
    expect(result).toEqual({ kind: 'unavailable', error });
  });

  it('is not set up by looking for it', async () => {
    const environment = bareEnvironment({ SPADEWORK_DEVICE: 'cpu' });
    const found = await findNativeEngine({ environment });
    expect(found).toEqual({ kind: 'unavailable', error: messages.notSetUp() });
  });

  it('keeps the log of a compile that failed and names it', { tags: 'needs-compiler' }, async () => {
    const logFile = join(folder, 'logs', 'compile.log');
    const library = { libraries: [], headers: join(folder, 'no-headers'), rpath: folder };
    const compile = compileBinding(findCompiler(process.env)!, folder, library, logFile, process.env);
    await expect(compile).rejects.toThrow(`its output is in ${logFile}`);
    expect(readFileSync(logFile, 'utf8')).toMatch(/tensorflow\/c\/c_api\.h/);
  });
});

describe('the kernels of an engine', () => {
  const setup = (environment: NodeJS.ProcessEnv, lines: string[] = []) => ({
    environment,
    engines: join(folder, 'engines'),
    log: (line: string) => lines.push(line),
    rebuild: false,
    mayBuild: true,
  });
  const place = () => ({ libraries: [], headers: join(folder, 'no-headers'), rpath: folder });
  const engine = (): string => {
    const made = join(folder, 'engines', 'engine');
    mkdirSync(made, { recursive: true });
    return made;
  };

  it('are named after the processor they are for', () => {
    expect(kernelsFile(['avx2'])).toBe(kernelsFile(['avx2']));
    expect(kernelsFile(['avx2'])).not.toBe(kernelsFile(['avx2', 'avx512f']));
  });

  it('are left out where there is no compiler, or where they are only looked for', async () => {
    expect(await ensureKernels(engine(), place(), setup(bareEnvironment()))).toEqual({
      kind: 'absent',
      reason: messages.noCompiler().what,
    });
    expect(await ensureKernels(engine(), place(), { ...setup(process.env), mayBuild: false })).toEqual({
      kind: 'absent',
      reason: messages.kernelsNotMade(),
    });
  });

  it(
    'are tried once where they do not compile, and leave the log and the reason',
    { tags: 'needs-compiler' },
    async () => {
      const lines: string[] = [];
      const compiler = findCompiler(process.env)!;
      const first = await ensureKernels(engine(), place(), setup(process.env, lines));
      const logFile = join(folder, 'engines', 'logs', `compile-${kernelsFile()}.log`);
      expect(first).toEqual({
        kind: 'absent',
        reason: messages.kernelsNotCompiled(compiler, logFile).what,
      });
      expect(readFileSync(logFile, 'utf8')).toMatch(/tensorflow\/c\//);
      expect(await ensureKernels(engine(), place(), setup(process.env, lines))).toEqual(first);
      expect(lines).toEqual([messages.compilingKernels(compiler)]);
      expect(readdirSync(engine())).toEqual([`${kernelsFile()}.failed`]);
    },
  );
});

describe("the user's own library", () => {
  it('is refused with what its folder lacks', async () => {
    const absent = join(folder, 'absent');
    const environment = bareEnvironment({ SPADEWORK_LIBTENSORFLOW: absent });
    expect(await ensureNativeEngine({ environment, log: silent })).toEqual({
      kind: 'unavailable',
      error: messages.ownLibraryLacks(absent, ['everything: there is no such folder']),
    });
    mkdirSync(join(folder, 'half', 'lib'), { recursive: true });
    writeFileSync(join(folder, 'half', 'lib', 'libtensorflow.so.2'), '');
    expect(findOwnLibrary(join(folder, 'half'))).toEqual(
      messages.ownLibraryLacks(join(folder, 'half'), [
        'libtensorflow_framework.so.2',
        'include/tensorflow/c/c_api.h',
      ]),
    );
  });

  it('is found in the layout of the C library and of a wheel', () => {
    for (const [libraries, headers] of [
      ['lib', 'include'],
      ['tensorflow', 'tensorflow/include'],
      ['.', 'include'],
    ] as const) {
      const root = mkdtempSync(join(folder, 'own-'));
      mkdirSync(join(root, libraries), { recursive: true });
      mkdirSync(join(root, headers, 'tensorflow/c'), { recursive: true });
      writeFileSync(join(root, headers, 'tensorflow/c/c_api.h'), '');
      for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
        writeFileSync(join(root, libraries, name), '');
      expect(findOwnLibrary(root)).toMatchObject({
        folder: root,
        rpath: join(root, libraries),
        headers: join(root, headers),
      });
    }
  });
});

describe('the cache', () => {
  it('loses what a killed set-up left behind, and nothing else', () => {
    const key = 'tensorflow-1';
    const half = createBuildFolder(folder, key);
    writeFileSync(join(half, 'libtensorflow_cc.so.2'), 'half');
    mkdirSync(join(folder, key));
    const other = createBuildFolder(folder, 'tensorflow-2');
    removeHalves(folder, key);
    expect(existsSync(half)).toBe(false);
    expect(existsSync(join(folder, key))).toBe(true);
    expect(existsSync(other)).toBe(true);
  });

  it('lets one at a time set up an engine, and the other one says that it waits', async () => {
    const lines: string[] = [];
    const events: string[] = [];
    let finishFirst = silent as () => void;
    const firstMayFinish = new Promise<void>((resolve) => (finishFirst = resolve));
    let tellStarted = silent as () => void;
    const started = new Promise<void>((resolve) => (tellStarted = resolve));
    const first = whileLocked(folder, 'key', silent, async () => {
      tellStarted();
      await firstMayFinish;
      events.push('first');
    });
    await started;
    const second = whileLocked(
      folder,
      'key',
      (line) => {
        lines.push(line);
        finishFirst();
      },
      () => Promise.resolve(void events.push('second')),
    );
    await Promise.all([first, second]);
    expect(events).toEqual(['first', 'second']);
    expect(lines).toEqual([messages.waitingForOther()]);
  });

  it('gives each library an engine of its own', () => {
    writeFileSync(join(folder, 'library'), 'one');
    const own = { folder, files: [join(folder, 'library')] };
    const before = engineKey(own);
    writeFileSync(join(folder, 'library'), 'another');
    expect(
      new Set([before, engineKey(own), engineKey('linux-x64-cpu'), engineKey('linux-arm64-cpu')]).size,
    ).toBe(4);
  });

  it('is emptied by removing the engine, which reports the bytes freed', () => {
    const environment = bareEnvironment();
    mkdirSync(join(enginesFolder(environment), 'key', 'deep'), { recursive: true });
    writeFileSync(join(enginesFolder(environment), 'key', 'deep', 'file'), 'x'.repeat(1234));
    expect(removeEngine(environment)).toEqual({ folder: enginesFolder(environment), freedBytes: 1234 });
    expect(existsSync(enginesFolder(environment))).toBe(false);
    expect(removeEngine(environment).freedBytes).toBe(0);
  });

  it('puts a link to its binding into the npm package, in place of whatever is there', () => {
    const place = join(folder, 'package', 'lib', 'napi-v8', 'tfjs_binding.node');
    mkdirSync(join(place, '..'), { recursive: true });
    writeFileSync(place, 'old binding');
    mkdirSync(join(folder, 'engine'));
    writeFileSync(join(folder, 'engine', 'tfjs_binding.node'), 'new binding');
    expect(placeBinding(join(folder, 'engine'), join(folder, 'package'))).toBe(true);
    expect(readFileSync(place, 'utf8')).toBe('new binding');
    expect(readdirSync(join(place, '..'))).toEqual(['tfjs_binding.node']);
  });
});
