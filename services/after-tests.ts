/**
 * After tests: what Jest runs at the end of a test run.
 */

import { stopTestServices } from './for-tests';

module.exports = stopTestServices;
