/**
 * After tests: what Jest runs at the end of a test run.
 */

import { stopTestServices, stopThreeNodes } from './for-tests';

module.exports = async (): Promise<void> => {
  await stopTestServices();
  await stopThreeNodes();
};
