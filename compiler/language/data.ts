/** Answers for settings of data that follow from others: those of a preset, and folders that are named once for two uses. */
import type { DataPresets } from './values/module.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Fills in what was not written. `none` takes a setting of the preset away. */
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

/** Pairs that a list names for testing lie where the others do, unless told. */
function testFolders(settings: Settings): Settings {
  if (settings['test_list'] === undefined || settings['test_images'] !== undefined) return {};
  if (settings['test_labels'] !== undefined) return {};
  const given = ['images', 'labels', 'instances'].filter((key) => settings[key] !== undefined);
  return Object.fromEntries(given.map((key) => [`test_${key}`, settings[key]]));
}

/** Files that hold both lie in one folder, which is named for the photographs. */
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
