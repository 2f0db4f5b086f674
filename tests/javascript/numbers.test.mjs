// Run by `node --test tests/javascript/*.test.mjs`.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  colorsOfRuns, colorsOfValues, remaining, shareOf, short, valueAt,
} from "../../slit/app/assets/page/numbers.mjs";

const front = {
  axes: [{ name: "carbon", stops: [0, 10, 20] }, { name: "cost", stops: [1, 2] }],
  values: [[0, 6, 14, 16], [4, 3, 2, 1]],
  chosen: [1, 1, 1, 0],
  run: [0, 1, 2, 3],
  colors: ["#000", "#111", "#222"],
};

test("numbers have four digits, or thousands apart", () => {
  assert.equal(short(1234567.8), "1,234,568");
  assert.equal(short(0.123456), "0.1235");
  assert.equal(short(-999.94), "-999.9");
  assert.equal(short(0), "0");
});

test("places on an axis, and back", () => {
  assert.equal(shareOf(5, 0, 10, false), 0.5);
  assert.ok(Math.abs(shareOf(10, 1, 100, true) - 0.5) < 1e-12);
  assert.equal(shareOf(3, 3, 3, false), 0);
  for (const isLog of [false, true]) {
    for (const share of [0, 0.25, 1]) {
      const value = valueAt(share, 2, 50, isLog);
      assert.ok(Math.abs(shareOf(value, 2, 50, isLog) - share) < 1e-12);
    }
  }
  assert.equal(valueAt(1, 2, 50, true), 50);
});

test("plans remain that may be chosen and lie within all ranges", () => {
  assert.deepEqual([...remaining(front, {})], [1, 1, 1, 0]);
  assert.deepEqual([...remaining(front, { carbon: [null, 6] })], [1, 1, 0, 0]);
  assert.deepEqual([...remaining(front, { carbon: [1, null], cost: [null, 2] })], [0, 0, 1, 0]);
  assert.deepEqual([...remaining(front, { carbon: [null, 6 * (1 - 5e-7)] })], [1, 1, 0, 0]);
});

test("colors by run and by the nearest stop", () => {
  assert.deepEqual([...colorsOfRuns(front)], [0, 1, 2, 0]);
  assert.deepEqual([...colorsOfValues(front, 0)], [0, 1, 1, 2]);
});
