// The verifier of the page /so-cai/kiem-tra.html, without a page.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

const html = readFileSync(new URL('../../internal/proof/kiem-tra.html', import.meta.url), 'utf8');
const script = /<script>([\s\S]*)<\/script>/.exec(html)[1];
const { verify } = new Function(script + '\nreturn { verify };')();
const folder = new URL('../../verify/testdata/', import.meta.url);
const read = (name) => readFileSync(new URL(name, folder));
const receipts = readdirSync(folder).filter((n) => n.endsWith('.tlog-proof'));

test('whole receipts, by three policies', async () => {
  assert.equal(receipts.length, 9);
  for (const name of receipts) {
    for (const [policy, want] of [['log.policy', ''], ['two.policy', ''], ['absent.policy', 'quorum']]) {
      assert.equal((await verify(read(name), read(policy).toString())).step, want, `${name} by ${policy}`);
    }
  }
});

test('codes', async () => {
  for (const line of read('codes.txt').toString().trim().split('\n')) {
    const [index, , code] = line.split(' ');
    assert.equal((await verify(read(`thin-${index}.tlog-proof`), read('log.policy').toString())).code, code);
  }
});

test('one altered byte anywhere is refused', async () => {
  const file = read('field-2.tlog-proof'), policy = read('two.policy').toString();
  for (let i = 0; i < file.length; i++) {
    const changed = Uint8Array.from(file);
    changed[i] ^= 1;
    assert.notEqual((await verify(changed, policy)).step, '', `byte ${i}`);
  }
});

test('what is no receipt', async () => {
  for (const bad of ['', '\n\n', 'c2sp.org/tlog-proof@v1\n\n', '\u00ff', 'c2sp.org/tlog-proof@v1\nextra \nindex 0\n\nx\n']) {
    assert.equal((await verify(Buffer.from(bad, 'latin1'), read('log.policy').toString())).step, 'form');
  }
});
