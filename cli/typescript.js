/** Teaches Node to read TypeScript, for the clone. The build puts nothing in its place: the package is JavaScript. */
import { register } from 'tsx/esm/api';
// Loaded before Node learns: the parser library comes in hundreds of files, each of which would be asked about.
import 'chevrotain';

register();
