/** Defines `spadework doctor`: reports what the machine has, and how to get what it lacks. */
import type { Command } from 'commander';
import { exitCodes } from '../../dsl/errors.ts';
import { print, showsColor } from '../base/terminal.ts';

/** Adds the command. */
export function addDoctor(command: Command): void {
  command
    .description(
      'Examines the machine and the engines, and says what to do where something is missing. Installs nothing.',
    )
    .option('--no-measure', 'leave out the speed measurements, which take some seconds')
    .addHelpText('after', '\nExamples:\n  spadework doctor\n  spadework doctor --no-measure')
    .action(async (options: { measure: boolean }) => {
      const [{ doctor }, { renderDoctor }] = await Promise.all([
        import('../../runtime/engine/doctor.ts'),
        import('../../runtime/engine/render-doctor.ts'),
      ]);
      const checks = await doctor({ measure: options.measure });
      print(renderDoctor(checks, { color: showsColor(process.stdout) }));
      if (checks.some(({ status }) => status === 'fail')) process.exitCode = exitCodes.machine;
    });
}
