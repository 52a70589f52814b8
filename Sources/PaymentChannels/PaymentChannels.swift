// The room `PaymentChannels`: see docs/ARCHITECTURE.md.
