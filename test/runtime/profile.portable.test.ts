/** Tests profiles on the portable engine. */
import { testProfilesOn } from '../support/profile-tests.ts';

testProfilesOn('portable');
