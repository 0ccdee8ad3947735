import { counted } from '#proofs/text';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Requires } from '#platform/keys/requires';
import { onNode } from '#proofs/onNode';
import { type Hash } from '#proofs/primitives';
import { consistencyProof, inclusionProof } from '#proofs/treeProofs';
import { Answer } from '../asking/asking.interceptor.ts';
import { onlyNow, sequenceNumber } from '../asking/parameters.ts';
import { malformed } from '../asking/problems.ts';
import { Asks, ledgerParameter } from '../docs/asks.ts';
import { shortWay } from './shortWay.ts';
import { Trees } from './trees.ts';

/** What never changes may be kept for ever. */
export const FOR_EVER = 'private, max-age=31536000, immutable';

const never = onlyNow('a proof is about the sizes of trees');
const Inclusion = z.strictObject({
  sequence: sequenceNumber.pipe(z.int().min(1)).describe('Of the event.').meta({ example: 17 }),
  size: sequenceNumber
    .pipe(z.int().min(1))
    .describe('Of the tree: that of the checkpoint that you have.')
    .meta({ example: 20 }),
  ...never,
});
const Consistency = z.strictObject({
  from: sequenceNumber
    .describe('The size of the older tree: that of a checkpoint that you kept.')
    .meta({ example: 17 }),
  to: sequenceNumber.describe('The size of the newer one.').meta({ example: 20 }),
  ...never,
});

/** A query as nearly every client writes it. */
const INCLUSION = /\?sequence=([1-9]\d{0,14})&size=([1-9]\d{0,14})$/;
const CONSISTENCY = /\?from=([1-9]\d{0,14})&to=([1-9]\d{0,14})$/;

/**
 * Proofs over the tree of a ledger. They are hashes, which say nothing about events to whoever cannot guess a whole one: every key that
 * may ask at all may have them.
 */
@Controller('v1/ledgers/:ledger/proofs')
@Requires('read', 'audit')
@ApiTags('proofs')
export class ProofsController {
  constructor(
    private readonly trees: Trees,
    host: HttpAdapterHost<FastifyAdapter>,
  ) {
    shortWay(host, '/v1/ledgers/:ledger/proofs/inclusion', ({ url }, ledger) => {
      const [, sequence, size] = INCLUSION.exec(url) ?? [];
      return sequence === undefined
        ? undefined
        : this.inclusion(ledger, { sequence: Number(sequence), size: Number(size) });
    });
    shortWay(host, '/v1/ledgers/:ledger/proofs/consistency', ({ url }, ledger) => {
      const [, from, to] = CONSISTENCY.exec(url) ?? [];
      return from === undefined ? undefined : this.consistency(ledger, { from: Number(from), to: Number(to) });
    });
  }

  @Get('inclusion')
  @Asks({
    summary: 'The proof that an event is in the tree of a checkpoint',
    description:
      'Check it against a checkpoint whose signature you have verified, of exactly this `size`. Begin with SHA-256 of a zero byte and the ' +
      'event’s bytes, as `events/{sequence}` answers them; go up with `proof` as RFC 9162 section 2.1.3.2 says; what comes out must be ' +
      'the root of the checkpoint. The answer never changes.',
    path: { ledger: ledgerParameter },
    parameters: Inclusion,
    answer: 'InclusionProof',
    immutable: true,
  })
  async inclusion(
    @Param('ledger') ledger: string,
    @Query() { sequence, size }: Pick<z.infer<typeof Inclusion>, 'sequence' | 'size'>,
  ) {
    if (sequence > size) {
      const detail = `the tree of the first ${counted(size, 'event')} does not have it: ask for a size of ${sequence} or more`;
      throw malformed([{ pointer: '/sequence', detail }]);
    }
    if (!this.trees.has(ledger, size)) await this.trees.check(ledger, size, `tree of ${size} yet`);
    const proof = await inclusionProof(
      sequence - 1,
      size,
      this.trees.nodes(ledger, size),
      onNode,
      this.trees.edges(ledger, size),
    );
    const body = { ledger, sequence, index: sequence - 1, size, proof: proof.map(base64) };
    return new Answer(body, { sequence: size, cache: FOR_EVER });
  }

  @Get('consistency')
  @Asks({
    summary: 'The proof that the tree of one checkpoint has only grown into that of a later one',
    description:
      'Check it against two checkpoints whose signatures you have verified, of exactly these sizes, as RFC 9162 section 2.1.4.2 says: both ' +
      'roots must come out. Then every event of the older tree stands unchanged, and in its place, in the newer one. The answer never changes.',
    path: { ledger: ledgerParameter },
    parameters: Consistency,
    answer: 'ConsistencyProof',
    immutable: true,
  })
  async consistency(@Param('ledger') ledger: string, @Query() { from, to }: z.infer<typeof Consistency>) {
    if (from > to) throw malformed([{ pointer: '/from', detail: `a tree of ${from} is larger than one of ${to}` }]);
    await this.trees.check(ledger, to, `tree of ${to} yet`);
    const proof = await consistencyProof(from, to, this.trees.nodes(ledger, to), onNode, this.trees.edges(ledger, to));
    return new Answer({ ledger, from, to, proof: proof.map(base64) }, { sequence: to, cache: FOR_EVER });
  }
}

const base64 = (hash: Hash): string => (Buffer.isBuffer(hash) ? hash : Buffer.from(hash)).toString('base64');
