import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { z } from 'zod';
import { describeEntries } from '#journal/tree';
import { takesGzip } from '#platform/http/readyMade';
import { ProblemError } from '#platform/http/problemError';
import { Actor, readsFor } from '#platform/keys/actor';
import { Requires } from '#platform/keys/requires';
import { POOL } from '#platform/service/tokens';
import { entryBundle, leavesOf, parseTilePath, type Tile } from '#proofs/tiles';
import { Answer, hasAlready } from '../asking/asking.interceptor.ts';
import { onlyNow } from '../asking/parameters.ts';
import { notFound } from '../asking/problems.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';
import { EventPages } from '../events/eventPages.ts';
import { FOR_EVER } from './proofs.controller.ts';
import { shortWay } from './shortWay.ts';
import { damaged, Trees } from './trees.ts';

const LEDGERS = '/v1/ledgers/';
const BYTES = 'application/octet-stream';
const NoParameters = z.strictObject(onlyNow('a tile never changes'));
/** A larger bundle is not put together: it is sent as it is read. */
const WHOLE_BYTES = 1_048_576;
const FAST = { level: 1 };

const INDEX = [
  'Which one, as C2SP writes it: three digits, `067` for 67; of a larger index groups of three, all but the last after an x, ' +
    '`x001/x234/067` for 1,234,067. `.p/` and a width follow where it has fewer than 256: `067.p/5`',
  '000.p/5',
] as const;

/** Of the largest index there can be, with a width. */
const SLASHES = [2, 3, 4, 5, 6].map((parts) =>
  [':level', ...Array.from({ length: parts }, (_, n) => `:part${n}`)].join('/'),
);

/**
 * The tree of a ledger as files (C2SP tlog-tiles): with `checkpoint` beside them, what a client of transparency logs expects below the
 * address of a log. None ever changes.
 */
@Controller('v1/ledgers/:ledger/tile')
@Requires('read', 'audit')
@ApiTags('proofs')
export class TilesController {
  constructor(
    @Inject(POOL) private readonly pool: pg.Pool,
    private readonly trees: Trees,
    private readonly pages: EventPages,
    host: HttpAdapterHost<FastifyAdapter>,
  ) {
    shortWay(host, `${LEDGERS}:ledger/tile/:level`, ({ url }) => trees.answers.get(url));
  }

  @Get('entries/:index')
  @Asks({
    summary: 'Up to 256 events that follow each other: an entry bundle of C2SP tlog-tiles',
    description:
      'Each event’s bytes after their length, two bytes, the higher first. A leaf of the tree is SHA-256 of a zero byte and the bytes. A key ' +
      'that speaks for a party gets none: it reads its own events at `events`. 404 where the tree does not have all of them.',
    path: { ledger: ledgerParameter, index: INDEX },
    parameters: NoParameters,
    type: BYTES,
    immutable: true,
  })
  async entries(
    @Param() { ledger = '', index = '' }: Record<string, string>,
    @Query() _: object,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    return this.#answer(ledger, `tile/entries/${index}`, { actor, request, reply });
  }

  @Get(':level/:index')
  @Asks({
    summary: 'Up to 256 hashes of the tree: a tile of C2SP tlog-tiles',
    description:
      'Hashes of 32 bytes, one after the other: on level 0 those of events, on level 1 each over a full tile of level 0, and so on. ' +
      'A width that the tree once had there stays. 404 where the tree does not have all of them.',
    path: { ledger: ledgerParameter, level: ['0 and up', '0'], index: INDEX },
    parameters: NoParameters,
    type: BYTES,
    immutable: true,
  })
  async tile(
    @Param() { ledger = '', level = '', index = '' }: Record<string, string>,
    @Query() _: object,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    return this.#answer(ledger, `tile/${level}/${index}`, { actor, request, reply });
  }

  /** The same where an index has slashes, as it is written: a path that OpenAPI cannot describe. */
  @Get(SLASHES)
  @ApiExcludeEndpoint()
  @Asks({ summary: 'A tile or a bundle', path: { ledger: ledgerParameter }, parameters: NoParameters, type: BYTES })
  async withSlashes(
    @Param() { ledger = '', ...parts }: Record<string, string>,
    @Query() _: object,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    return this.#answer(ledger, `tile/${Object.values(parts).join('/')}`, { actor, request, reply });
  }

  async #answer(ledger: string, path: string, asked: Asked): Promise<Answer> {
    const tile = tileAt(path);
    const { from, to } = leavesOf(tile);
    if (tile.level === 'entries') refuseToParties(asked.actor);
    if (tile.level !== 'entries') return this.#hashes(ledger, path, tile);
    await this.trees.check(ledger, to, `${nameOf(tile)} yet`);
    return this.#bundle(ledger, from, to, asked);
  }

  async #hashes(ledger: string, path: string, tile: Tile): Promise<Answer> {
    const { to } = leavesOf(tile);
    await this.trees.check(ledger, to, `${nameOf(tile)} yet`);
    const { hashes, etag } = await this.trees.tile(ledger, tile);
    const answer = new Answer(hashes, { sequence: to, type: BYTES, cache: FOR_EVER, etag });
    this.trees.answers.set(`${LEDGERS}${ledger}/${path}`, answer);
    return answer;
  }

  async #bundle(ledger: string, from: number, to: number, { request, reply }: Asked): Promise<Answer> {
    const bundle = await describeEntries(this.pool, ledger, from, to);
    if (bundle === undefined) throw damaged(ledger);
    const isZipped = takesGzip(request);
    const etag = `${isZipped ? 'W/' : ''}"${bundle.hash}"`;
    const about = { sequence: to, type: BYTES, cache: FOR_EVER, etag };
    void reply.header('vary', 'accept-encoding');
    if (hasAlready(request, etag)) return new Answer(undefined, about);
    if (isZipped) void reply.header('content-encoding', 'gzip');
    else void reply.header('content-length', bundle.bytes);
    if (request.method === 'HEAD') return new Answer(Readable.from([]), about);
    const parts = this.#parts(ledger, from, to);
    if (bundle.bytes > WHOLE_BYTES) {
      const stream = Readable.from(parts);
      // Whichever fails ends the other, and the connection with them: nobody takes a part for the whole.
      return new Answer(isZipped ? pipeline(stream, createGzip(FAST), () => undefined) : stream, about);
    }
    const all: Uint8Array[] = [];
    for await (const part of parts) all.push(part);
    const whole = Buffer.concat(all);
    return new Answer(isZipped ? await promisify(gzip)(whole, FAST) : whole, about);
  }

  /** A page of events at a time. */
  async *#parts(ledger: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < to; ) {
      const { events } = await this.pages.streamed(ledger, at, {});
      const ours = events.filter(({ sequence }) => sequence <= to);
      if (ours.length === 0) throw damaged(ledger);
      yield entryBundle(ours.map(({ bytes }) => bytes));
      at = ours.at(-1)?.sequence ?? to;
    }
  }
}

interface Asked {
  readonly actor: Actor;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

function refuseToParties(actor: Actor): void {
  const party = readsFor(actor);
  if (party === undefined) return;
  const detail = `entry bundles have the events of all parties, and this key speaks for ${party}: read what concerns it at events`;
  throw new ProblemError(403, 'forbidden', detail);
}

/** @throws the 404 of a path that no tile has */
function tileAt(path: string): Tile {
  try {
    return parseTilePath(path);
  } catch {
    throw notFound(
      `${path} is not the path of a tile: they are like tile/0/067, tile/1/x001/234 and tile/entries/000.p/5`,
    );
  }
}

const nameOf = ({ level, index, width }: Tile): string =>
  `${level === 'entries' ? 'bundle' : `tile of level ${level}`} ${index} with ${width}`;
