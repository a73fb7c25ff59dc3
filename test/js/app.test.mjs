// The number rule of app.js against the table of internal/lang/lang_test.go.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import vm from 'node:vm';

const source = new URL('../../internal/web/static/app.js', import.meta.url);
const app = vm.createContext({});
vm.runInContext(readFileSync(source, 'utf8'), app);

const cases = [
  ['1.234,5', 1234500], ['1234.5', 1234500], ['1,234.5', 1234500], ['1 234,5', 1234500],
  ['14.820', 14820000], ['1,5', 1500], ['0', 0], ['0.125', 125], ['0,5', 500],
  ['1.234.567', 1234567000], ['-3', -3000], ['−3', -3000], ['12,50', 12500], ['1234.567', 1234567], [' 7 ', 7000],
  ['', undefined], ['ba', NaN], ['1.23.4', NaN], ['1,2,3', NaN], ['1..2', NaN], ['1.', NaN], ['NaN', NaN], ['1e309', NaN],
  ['0,12345', NaN], ['99999999999999', NaN], ['9999999999999', NaN],
  // not in that table, by the same rule
  ['+4', 4000], ['.5', NaN], [',', NaN], ['-', NaN], ['1\u00a0234,5', 1234500], ['\u200b5\t', 5000], ['٣', NaN],
  ['1,234,567.5', 1234567500], ['1.234,5,6', NaN], ['0.500', 500], ['000.5', 500], ['1000000000000', 1e15], ['-0', 0],
];

test('numbers are read as the server reads them', () => {
  for (const [text, want] of cases) {
    const got = app.parseFigure(text);
    assert.ok(Object.is(got, want), `parseFigure(${JSON.stringify(text)}) = ${got}, want ${want}`);
  }
});

test('the table is that of the Go test', () => {
  const go = readFileSync(new URL('../../internal/lang/lang_test.go', import.meta.url), 'utf8');
  const table = go.slice(go.indexOf('func TestParseFigure'), go.indexOf('func TestFigureRoundTrip'));
  const rows = [...table.matchAll(/\{"([^"]*)", (-?\d+), "([^"]*)"\}/g)];
  assert.ok(rows.length > 20);
  for (const [, text, n, key] of rows) {
    const want = key === 'lang.number.empty' ? undefined : key ? NaN : Number(n);
    assert.ok(Object.is(app.parseFigure(text), want), `parseFigure(${text}) = ${app.parseFigure(text)}, want ${want}`);
  }
});

test('numbers are written as the server writes them, and read back', () => {
  for (const [n, vi, en] of [
    [1234500, '1.234,5', '1,234.5'], [0, '0', '0'], [-12500, '−12,5', '−12.5'], [1234, '1,2340', '1.2340'], [125, '0,125', '0.125'],
    [1234567891, '1.234.567,891', '1,234,567.891'], [1e15, '1.000.000.000.000', '1,000,000,000,000'], [5, '0,005', '0.005'],
  ]) {
    assert.equal(app.writeFigure(n, 'vi'), vi);
    assert.equal(app.writeFigure(n, 'en'), en);
  }
  let seed = 7;
  for (let i = 0; i < 20000; i++) {
    seed = (seed * 48271) % 2147483647;
    const n = (seed % 2 ? 1 : -1) * (seed % 10 ** (i % 10)) || 0;
    for (const l of ['vi', 'en']) assert.equal(app.parseFigure(app.writeFigure(n, l)), n, `${n} in ${l}`);
  }
});

test('nothing that the content security policy forbids', () => {
  const text = readFileSync(source, 'utf8');
  for (const word of ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'eval(', 'new Function', 'document.write', '.style', 'setAttribute(\'style\'']) {
    assert.ok(!text.includes(word), word);
  }
});
