/** Tests profiles on the native engine. */
import { describeNative } from '../support/engines.ts';
import { testProfilesOn } from '../support/profile-tests.ts';

await describeNative('profiles on TensorFlow', () => testProfilesOn('native'));
