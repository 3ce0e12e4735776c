import { type Block, blocksOf, type Span } from '#domain/prose.ts';
import type { Style } from '../terminal/style.ts';
import { printable, wrap } from '../terminal/text.ts';

const spoken = (spans: readonly Span[], style: Style): string =>
  spans.map(({ text, look }) => (look === 'strong' ? style.strong(text) : text)).join('');

/** `mark` stands before the first line, and its width is kept free before the others. */
const hung = (mark: string, text: string, width: number): string[] =>
  wrap(text, width - mark.length).map((line, n) => `${n === 0 ? mark : ' '.repeat(mark.length)}${line}`);

function linesOf(block: Block, style: Style, width: number): string[] {
  switch (block.kind) {
    case 'list':
      return block.items.flatMap((item, n) =>
        hung(block.ordered ? `${n + 1}. ` : '• ', spoken(item, style), width),
      );
    case 'heading':
      return wrap(style.strong(spoken(block.spans, style)), width);
    case 'quote':
      return wrap(spoken(block.spans, style), width - 2).map((line) => `${style.faint('│')} ${line}`);
    default:
      return wrap(spoken(block.spans, style), width);
  }
}

/** What an agent wrote, in lines of at most `width` columns: its Markdown as structure, its escapes taken out, an empty line between blocks. */
export const proseLines = (text: string, style: Style, width: number): string[] =>
  blocksOf(printable(text, true)).flatMap((block, n) => [
    ...(n === 0 ? [] : ['']),
    ...linesOf(block, style, width),
  ]);
