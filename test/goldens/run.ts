/** Writes examples/compiled (`npm run goldens`). After an intended change of graphs, commit the result. */
import { ablationCases, experimentCases } from './cases.ts';
import { writeGoldens } from './folder.ts';

writeGoldens([...experimentCases(), ...ablationCases()], (name) => console.log(name));
