import { Controller, Get, Inject } from '@nestjs/common';
import { asyncApi } from '#contracts/asyncApi';
import type { Config } from '#platform/service/config';
import { Public } from '#platform/keys/requires';
import { CONFIG } from '#platform/service/tokens';

@Controller('asyncapi.json')
@Public()
export class AsyncApiController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @Get()
  read() {
    return asyncApi(this.config.topic);
  }
}
