import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { openApi } from '#platform/docs/openApi';
import { createAdapter } from '#platform/http/createAdapter';
import { PlatformModule, type PlatformParts } from '#platform/service/platform.module';
import { AllInOneModule } from './allInOne.module.ts';

/** The OpenAPI document of the whole contract: all services together. It is made without starting a service or using a database. */
export async function contractDocument(): Promise<OpenAPIObject> {
  // A preview creates no instances, so these parts are never used.
  const parts = {} as unknown as PlatformParts;
  const options = { preview: true, logger: false as const, abortOnError: false };
  const module = { module: Contract, imports: [PlatformModule.with(parts), AllInOneModule.with({ kafkaBrokers: [] })] };
  const app = await NestFactory.create<NestFastifyApplication>(module, createAdapter(), options);
  return openApi(app);
}

@Module({})
class Contract {}
