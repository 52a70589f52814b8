// Specifications of `PaymentChannels`.
