/** Fills in data settings that were not written: from a preset, and from other folders of the same data. */
import type { DataPresets } from './values/module.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Fills in missing settings. `none` removes a setting of the preset. */
export function fillInData(written: Settings, preset: DataPresets[string]): Settings {
  const merged = Object.entries({ ...preset, ...written });
  const settings = Object.fromEntries(merged.filter(([key, value]) => value !== null || !(key in preset)));
  return {
    ...settings,
    ...(typeof settings['void'] === 'number' && { void: [settings['void']] }),
    ...testFolders(settings),
    ...labelFolders(settings),
  };
}

/** Test pairs given by a list are in the folders of the training pairs, unless set. */
function testFolders(settings: Settings): Settings {
  if (settings['test_list'] === undefined || settings['test_images'] !== undefined) return {};
  if (settings['test_labels'] !== undefined) return {};
  const given = ['images', 'labels', 'instances'].filter((key) => settings[key] !== undefined);
  return Object.fromEntries(given.map((key) => [`test_${key}`, settings[key]]));
}

/** If one file holds label map and photograph, both are in the folder of the photographs. */
function labelFolders(settings: Settings): Settings {
  if (settings['paired'] === undefined) return {};
  const all = { ...settings, ...testFolders(settings) } as Settings;
  const halves = [
    ['images', 'labels'],
    ['test_images', 'test_labels'],
  ] as const;
  const lacking = halves.filter(([images, labels]) => all[images] !== undefined && all[labels] === undefined);
  return Object.fromEntries(lacking.map(([images, labels]) => [labels, all[images]]));
}
