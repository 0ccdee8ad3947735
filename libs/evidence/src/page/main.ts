import { inBrowser } from '#proofs/inBrowser';
import { formatVerifierKey, parseVerifierKey } from '#proofs/signedNote';
import { textOf } from '#proofs/text';
import { checkEvidence, type Evidence, type Outcome, reasonOf } from '../check.ts';
import { doesNotProve, PAGE_ITSELF, proves, signedBy, VERDICTS } from '../words.ts';
import { clean, element, type Element, page, written } from './dom.ts';
import { eventView, typeInWords } from './eventView.ts';

const MARKS: Readonly<Record<Outcome, string>> = { held: '✓ held', broken: '✗ FAILED', unknown: '? not checked' };

const contentOf = (id: string): string => page.getElementById(id).textContent ?? '';

async function check(): Promise<void> {
  // Where it is missing, everything would look like damage.
  if ((globalThis.crypto as Partial<typeof globalThis.crypto> | undefined)?.subtle === undefined) {
    const where = 'This browser lets a page like this compute no hashes. Save the page as a file and open that.';
    showVerdict('unknown', where);
    return;
  }
  const keys = contentOf('keys')
    .split('\n')
    .filter((line) => line !== '');
  // Whoever makes a page puts the ledger's key into it.
  if (keys.length === 0) showVerdict('broken', 'There is no verifier key in this page: it was cut off or changed.');
  else show(await checkEvidence({ proof: contentOf('proof'), keys }, inBrowser));
}

function showVerdict(outcome: Outcome, text: string): void {
  const verdict = page.getElementById('verdict');
  verdict.className = outcome;
  verdict.replaceChildren(element('h2', {}, VERDICTS[outcome].title), element('p', {}, text));
}

function show(evidence: Evidence): void {
  const { outcome, checks, event, sequence } = evidence;
  showVerdict(outcome, VERDICTS[outcome].text);
  fill('checks', [
    list(
      checks.map(({ outcome: one, found, name }) =>
        element('li', { class: one, 'data-check': name }, element('strong', {}, MARKS[one]), ' ', written(found)),
      ),
    ),
  ]);
  if (event !== undefined) {
    const isProved = outcome === 'held';
    const title = `${typeInWords(event.attributes.type)}${isProved ? '' : ' (what the file says, NOT proved)'}`;
    page.title = `Evidence: event ${sequence ?? '?'} of ${clean(String(event.attributes.ledger))}`;
    page.getElementById('title').textContent = page.title;
    fill('event', [element('h2', {}, 'The event: ', written(title)), ...eventView(event)]);
    page.getElementById('bytes').textContent = clean(textOf(event.bytes));
  }
  fill('proves', outcome === 'held' ? [list(proves(evidence).map(item))] : [element('p', {}, 'Nothing: see above.')]);
  fill('not', [list([...doesNotProve(evidence), PAGE_ITSELF].map(item))]);
  fill(
    'signed',
    outcome === 'held'
      ? [list(signedBy(evidence).map(item))]
      : [element('p', {}, 'Nobody, as far as this file shows.')],
  );
  if (outcome === 'held') compareKeys(evidence);
}

const fill = (id: string, parts: readonly Element[]): void => {
  page.getElementById(id).replaceChildren(...parts);
};
const list = (items: readonly Element[]): Element => element('ul', {}, ...items);
const item = (text: string): Element => element('li', {}, written(text));

/** The one thing that a file cannot say of itself: whether the key is the one that its reader trusts. */
function compareKeys({ signers, witnesses }: Evidence): void {
  const input = page.getElementById('own-key');
  const said = page.getElementById('own-key-said');
  const own = new Set([...signers, ...witnesses.map(({ witness }) => witness)].map(formatVerifierKey));
  input.addEventListener('input', () => {
    const text = input.value.trim();
    if (text === '') said.textContent = '';
    else if (own.has(text)) said.textContent = '✓ This key signed the checkpoint.';
    else
      parseVerifierKey(text, inBrowser).then(
        () =>
          (said.textContent =
            '✗ This key did NOT sign the checkpoint. The evidence is not of the ledger whose key this is.'),
        (error: unknown) => (said.textContent = `? That is not a whole verifier key: ${clean(reasonOf(error))}.`),
      );
  });
}

check().catch((error: unknown) => {
  showVerdict('unknown', `The check broke off: ${clean(reasonOf(error))}.`);
});
