// Stands for a NestJS host's own module: what its decorators do, in JavaScript.
import { Controller, Get, Module } from '@nestjs/common';

class HelloController {
  hello() {
    return 'hello';
  }
}
Controller()(HelloController);
const { prototype } = HelloController;
Get('hello')(prototype, 'hello', Object.getOwnPropertyDescriptor(prototype, 'hello'));

export class AppModule {}
Module({ controllers: [HelloController] })(AppModule);
