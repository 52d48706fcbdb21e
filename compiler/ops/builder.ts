/** The builder of graphs of all ops. */
import { GraphBuilder } from '../ir/builder.ts';
import { opTable } from './index.ts';

export class Builder extends GraphBuilder {
  constructor() {
    super(opTable);
  }
}
