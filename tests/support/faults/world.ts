import { vi } from 'vitest';
import { everyRole, StepWorld, samplePlan } from '#tests/03-agent-execution/step-world.ts';
import { type Credentials, createCredentials } from '#workers/credentials/index.ts';
import { createSealing, type Sealing } from '#workers/credentials/sealing.ts';
import { handleModel } from '#workers/embedded/model/index.ts';
import { type EmbeddedServices, startEmbedded } from '../embedded.ts';
import { credentialsFor } from '../embedded-credentials.ts';
import { FaultLine } from './line.ts';

/** What an impatient client waits for Vault's answer, in ms; the others, as in production, 5 s. */
const IMPATIENT = 100;

export const plan = () => ({
  ...samplePlan('clean-change'),
  models: everyRole({ provider: 'embedded', model: 'extractive-1', fallbacks: [], max_tokens: 8_000 }),
});

/**
 * Whole pipelines over the real consumer, prompts, gate, tools, model layer and credentials, and over a Vault and a store that speak
 * their protocols. Time is the world's own; what Vault takes is real.
 */
export class FaultWorlds {
  readonly services: EmbeddedServices;
  readonly #credentials: (impatient: boolean) => Credentials;
  /** The keys that the worlds seal with, in the hands of somebody who means no good. */
  readonly sealing: Sealing;
  line = new FaultLine();

  private constructor(
    services: EmbeddedServices,
    sealing: Sealing,
    credentials: (impatient: boolean) => Credentials,
  ) {
    this.services = services;
    this.sealing = sealing;
    this.#credentials = credentials;
  }

  static async start(): Promise<FaultWorlds> {
    const services = await startEmbedded();
    const { config } = await credentialsFor(services, 'acme');
    return new FaultWorlds(services, createSealing(config.sealing), (impatient) =>
      createCredentials(
        impatient ? { ...config, vault: { ...config.vault, timeout_ms: IMPATIENT } } : config,
      ),
    );
  }

  stop = (): Promise<void> => this.services.stop();

  /** A new line, on which nothing is wrong yet. Before each test. */
  fresh(): void {
    vi.unstubAllGlobals();
    this.line = new FaultLine().install();
  }

  spawn(impatient = false): StepWorld {
    const world = new StepWorld();
    this.elsewhere(world, impatient);
    world.model = (request) => handleModel(request, { EMBEDDED_MODEL_KEY: this.services.modelKey });
    return world.spawn(plan());
  }

  /** The same pipeline worked on by an isolate that has nothing in memory: it must log in itself and ask the store. */
  elsewhere(world: StepWorld, impatient = false): StepWorld {
    Object.assign(world.deps, { credentials: this.#credentials(impatient) });
    return world;
  }
}

export const failures = (w: StepWorld) =>
  w.rig.log.flatMap((e) => (e.type === 'step_failed' || e.type === 'step_deferred' ? [e.body] : []));
export const ended = (w: StepWorld) => w.rig.state.outcome;
export const withAgents = (w: StepWorld) => w.rig.ready('agent_turn').length > 0;

/** Delivers, and moves the clock to the next try, until `until`. */
export async function deliverUntil(w: StepWorld, until: () => boolean, limit = 100): Promise<void> {
  for (let n = 0; n < limit && !until(); n++) {
    const next = Math.min(...w.rig.ready().map((s) => Date.parse(s.ready_at)));
    if (Number.isFinite(next)) w.rig.now = Math.max(w.rig.now, next);
    await w.deliver();
  }
  if (!until()) throw new Error(`not after ${limit} deliveries: ${w.rig.types().slice(-8).join(', ')}`);
}
