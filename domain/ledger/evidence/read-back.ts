import { canonicalJson } from '../canonical.ts';
import { commitContent, frameHash, GENESIS_HASH } from '../chain.ts';
import type { Trust } from '../log/trust.ts';
import { checkCheckpoint, checkInclusion, checkIndex, checkPolicies, checkStatement } from './checks.ts';
import { EVIDENCE_FORMAT, type EvidenceEvent, type EvidenceSubject, isRedacted } from './package.ts';
import { EvidenceReader } from './read.ts';
import type { Finding } from './shape.ts';
import { PackageSplitter } from './splitter.ts';
import type { VerifyPorts } from './verify.ts';

/**
 * LEDG-5: verifies a package as it is read back from where it was archived, piece by piece: the chain with every content, the
 * index, the inclusion in the tenant's log, its signed head and the signed statement. Only the check of the verdict, which wants all
 * events at once, is left to `verifyEvidence`; that the package is the one that was written, its hash says.
 */
export class ReadBack {
  readonly #expected: EvidenceSubject;
  readonly #splitter = new PackageSplitter();
  readonly #reader = new EvidenceReader();
  readonly #found: Finding[] = [];
  #last: EvidenceEvent | null = null;

  constructor(expected: EvidenceSubject) {
    this.#expected = expected;
  }

  push(piece: string): void {
    for (const event of this.#splitter.push(piece)) this.#add(event);
  }

  #add(event: EvidenceEvent): void {
    const seq = (this.#last?.seq ?? 0) + 1;
    const at = `events[${seq - 1}]`;
    const content = isRedacted(event) ? event.content : commitContent(event.salt, event.body);
    if (event.seq !== seq) this.#found.push({ at: `${at}.seq`, why: `it is not ${seq}` });
    if (event.prev_hash !== (this.#last?.hash ?? GENESIS_HASH))
      this.#found.push({ at: `${at}.prev_hash`, why: 'the link to the event before is broken' });
    if (frameHash(event, content) !== event.hash)
      this.#found.push({ at, why: 'its fields or its content do not belong to its hash' });
    this.#reader.add(event);
    this.#last = event;
  }

  /** Everything that is wrong; empty when the package may stand for what it was made of. */
  async findings(trust: Trust, ports: VerifyPorts): Promise<Finding[]> {
    const given = { ...this.#splitter.rest(), events: this.#last ? [this.#last] : [] };
    if (given.format !== EVIDENCE_FORMAT) return [{ at: 'format', why: `it is not “${EVIDENCE_FORMAT}”` }];
    if (canonicalJson(given.subject) !== canonicalJson(this.#expected))
      this.#found.push({ at: 'subject', why: 'it is not what was to be archived' });
    if (this.#last?.seq !== this.#expected.events || this.#last.hash !== this.#expected.head)
      this.#found.push({ at: 'events', why: 'they do not end where the pipeline does' });
    const { signature } = await checkCheckpoint(given, trust, ports.verify);
    return [
      ...this.#found,
      ...checkIndex(given, this.#reader),
      ...checkPolicies(given, this.#reader),
      ...checkInclusion(given),
      ...signature,
      ...(await checkStatement(given, this.#reader, trust, ports)),
    ];
  }
}
