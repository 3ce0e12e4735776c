/** A run of text with one look. */
export interface Span {
  text: string;
  look: 'plain' | 'strong' | 'code';
}

export type Block =
  | { kind: 'heading' | 'paragraph' | 'quote'; spans: Span[] }
  | { kind: 'list'; ordered: boolean; items: Span[][] };

const INLINE = /\*\*(.+?)\*\*|`([^`]+)`/g;

/** `**strong**` and `` `code` ``; everything else, markup and HTML included, stays the text it is. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) spans.push({ text: text.slice(from, match.index), look: 'plain' });
    spans.push(match[1] ? { text: match[1], look: 'strong' } : { text: match[2]!, look: 'code' });
    from = match.index + match[0].length;
  }
  if (from < text.length) spans.push({ text: text.slice(from), look: 'plain' });
  return spans;
}

const ITEM = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/;

/**
 * The little Markdown that models write in prose: headings, lists, quotes, strong, code. Links and images are left as text on
 * purpose: what an agent wrote must not lead a reader or a request anywhere.
 */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: string[] = [];
  const close = () => {
    if (open.length > 0) blocks.push({ kind: 'paragraph', spans: spansOf(open.join('\n')) });
    open = [];
  };
  for (const line of text.split('\n')) {
    const item = ITEM.exec(line);
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    const quote = /^>\s?(.*)$/.exec(line);
    if (!item && !heading && !quote && line.trim() !== '') {
      open.push(line);
      continue;
    }
    close();
    const last = blocks.at(-1);
    if (heading) blocks.push({ kind: 'heading', spans: spansOf(heading[1]!) });
    else if (quote) blocks.push({ kind: 'quote', spans: spansOf(quote[1]!) });
    else if (item && last?.kind === 'list' && last.ordered === (item[1] !== undefined))
      last.items.push(spansOf(item[2]!));
    else if (item) blocks.push({ kind: 'list', ordered: item[1] !== undefined, items: [spansOf(item[2]!)] });
  }
  close();
  return blocks;
}
