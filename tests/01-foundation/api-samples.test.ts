import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderSamples } from '../../scripts/generate/samples.ts';

it('RUN-7: the samples in the Worker are the plans of the repository (`node scripts/generate/samples.ts`)', () => {
  const committed = readFileSync(
    new URL('../../workers/api/samples.generated.json', import.meta.url),
    'utf8',
  );
  expect(committed).toBe(renderSamples());
});
