/** Defines `spadework engine`: sets the native engine up, removes it, or shows its location. */
import type { Command } from 'commander';
import { print } from '../base/terminal.ts';

/** Adds the command with its subcommands. */
export function addEngine(command: Command): void {
  const engine = command
    .description(
      'Manages the native engine. Commands that need it set it up by themselves; without it they run on the portable one.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  spadework engine install\n  spadework engine path\n  spadework engine remove',
    );
  engine
    .command('install')
    .description('Fetches TensorFlow, compiles the binding and tests it; takes no time where that is done.')
    .option('--rebuild', 'make it anew')
    .action(async (options: { rebuild?: boolean }) => {
      const { ensureNativeEngine } = await import('../../runtime/engine/install.ts');
      const ready = await ensureNativeEngine({ rebuild: options.rebuild ?? false });
      if (ready.kind === 'unavailable') throw ready.error;
      print(
        `TensorFlow ${ready.libraryVersion} on the ${ready.device.toUpperCase()} is ready in ${ready.folder}`,
      );
      if (ready.note !== undefined) print(ready.note);
    });
  engine
    .command('remove')
    .description('Deletes all cached engines.')
    .action(async () => {
      const [{ formatBytes }, { removeEngine }] = await Promise.all([
        import('../../runtime/engine/messages.ts'),
        import('../../runtime/engine/remove.ts'),
      ]);
      const { folder, freedBytes } = removeEngine();
      print(
        freedBytes === 0
          ? `There was no engine in ${folder}`
          : `Removed ${formatBytes(freedBytes)} from ${folder}`,
      );
    });
  engine
    .command('path')
    .description('Prints the folder of the engine that is ready.')
    .action(async () => {
      const { findNativeEngine } = await import('../../runtime/engine/install.ts');
      const found = await findNativeEngine();
      if (found.kind === 'unavailable') throw found.error;
      print(found.folder);
    });
}
