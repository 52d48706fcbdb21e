/** Tests creating folders in a deleted working folder: relative paths must not loop forever. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('ends in a working folder that was deleted', () => {
  const module = new URL('../../runtime/base/make-folder.ts', import.meta.url).href;
  const script = `
    import { existsSync, mkdtempSync, rmSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { makeFolder } from '${module}';
    const folder = mkdtempSync(tmpdir() + '/spadework-gone-');
    process.chdir(folder);
    process.cwd();
    rmSync(folder, { recursive: true });
    makeFolder('made/inner');
    console.log(existsSync(folder + '/made/inner'));
    rmSync(folder, { recursive: true });
  `;
  const { stdout, signal } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8', timeout: 50_000 },
  );
  expect([stdout, signal]).toEqual(['true\n', null]);
});
