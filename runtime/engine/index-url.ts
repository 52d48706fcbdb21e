/** Reads which Python package index the user has configured, from the variables and files of pip and uv. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Finds the address of the simple index, ending in a slash; undefined where none is configured, and pip and uv go to their
 * own. Variables come before files, as pip has it.
 */
export function configuredIndexUrl(environment: NodeJS.ProcessEnv): string | undefined {
  const fromVariables = ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL'].map(
    (name) => environment[name],
  );
  const fromFiles = pipConfigurationFiles(environment).map(indexUrlOfFile);
  const found = [...fromVariables, ...fromFiles].find((value) => value !== undefined && value !== '');
  if (found === undefined) return undefined;
  const address = found.replace(/^[\w-]+=(?=[a-z]+:)/, ''); // uv allows `name=address`
  return address.endsWith('/') ? address : `${address}/`;
}

/** Lists pip's configuration files, the one that counts most first. */
function pipConfigurationFiles(environment: NodeJS.ProcessEnv): string[] {
  const home = environment['HOME'] ?? homedir();
  const own = environment['PIP_CONFIG_FILE'];
  if (own === '/dev/null') return [];
  return [
    own,
    environment['VIRTUAL_ENV'] && join(environment['VIRTUAL_ENV'], 'pip.conf'),
    join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'pip', 'pip.conf'),
    join(home, '.pip', 'pip.conf'),
    ...(environment['XDG_CONFIG_DIRS'] ?? '/etc/xdg')
      .split(':')
      .map((folder) => join(folder, 'pip', 'pip.conf')),
    '/etc/pip.conf',
  ].filter((path): path is string => path !== undefined && path !== '');
}

function indexUrlOfFile(path: string): string | undefined {
  try {
    return indexUrlOf(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Reads `index-url` out of the text of a pip.conf; the `[download]` section counts before `[global]`. */
export function indexUrlOf(text: string): string | undefined {
  const bySection = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[(.+)\]\s*$/.exec(line);
    const setting = /^index[-_]url\s*[=:]\s*(\S+)/i.exec(line);
    if (heading) section = heading[1]!.trim();
    else if (setting) bySection.set(section, setting[1]!);
  }
  return bySection.get('download') ?? bySection.get('global');
}
