import type { EvidenceEvent, EvidencePackage } from './package.ts';

export type PackageRest = Omit<EvidencePackage, 'events'>;

const BEGIN = '{"events":[';

/**
 * Takes a package apart while it is being read, so that a large one is never held whole: its events one after the other, then the rest.
 * Members of canonical JSON stand in alphabetical order, which is why the events come first. Throws for a text that is no package;
 * shapes are not looked at.
 */
export class PackageSplitter {
  #text = '';
  /** Up to where `#text` has been looked at. */
  #at = 0;
  #part: 'begin' | 'events' | 'rest' = 'begin';
  #depth = 0;
  #inString = false;

  /** The next piece; answers with the events that it completes. */
  push(piece: string): EvidenceEvent[] {
    this.#text += piece;
    if (this.#part === 'begin') {
      if (this.#text.length < BEGIN.length) return [];
      if (!this.#text.startsWith(BEGIN)) throw new SyntaxError('the file does not begin with events');
      this.#text = this.#text.slice(BEGIN.length);
      this.#part = 'events';
    }
    return this.#part === 'events' ? this.#events() : [];
  }

  /** Everything but the events, once the file is at its end. */
  rest(): PackageRest {
    if (this.#part !== 'rest' || !this.#text.startsWith(','))
      throw new SyntaxError('the file ends before its events do');
    return JSON.parse(`{${this.#text.slice(1)}`) as PackageRest;
  }

  #events(): EvidenceEvent[] {
    const found: EvidenceEvent[] = [];
    let from = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const c = this.#text[this.#at];
      if (this.#inString) {
        // An escape may be cut by the end of a piece; it is looked at again when the next one is there.
        if (c === '\\') {
          if (this.#at + 1 === this.#text.length) break;
          this.#at++;
        } else if (c === '"') this.#inString = false;
      } else if (c === '"') this.#inString = true;
      else if (c === '{' || c === '[') this.#depth++;
      else if (c === ']' && this.#depth === 0) {
        this.#part = 'rest';
        from = this.#at + 1;
        break;
      } else if (c === '}' || c === ']') {
        this.#depth--;
        if (this.#depth > 0) continue;
        found.push(JSON.parse(this.#text.slice(from, this.#at + 1)) as EvidenceEvent);
        from = this.#at + 1;
      } else if (c === ',' && this.#depth === 0) from = this.#at + 1;
    }
    this.#text = this.#text.slice(from);
    this.#at -= from;
    return found;
  }
}
