/** Writes examples/compiled anew: `npm run goldens`. Whoever changes a graph on purpose commits what differs after it. */
import { ablationCases, experimentCases } from './cases.ts';
import { writeGoldens } from './folder.ts';

writeGoldens([...experimentCases(), ...ablationCases()], (name) => console.log(name));
