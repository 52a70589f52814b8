/*
 * A payment channel between a payer, a payee and the ledger: every order of events.
 *
 * The network may lose, double, delay and reorder: what was sent once can arrive at any time,
 * any number of times, or never. Each party may die at any point and comes back with its disk;
 * the payer's disk may be replaced once by an older copy. Blocks come when they like, and the
 * payer may ask for the close at any time. One unit of data costs one unit of money.
 *
 * Safety (all the assertions), then the end under weak fairness (nobody waits for ever), then P2;
 * each takes seconds and ends with "errors: 0":
 *
 *   spin -a payment-channels.pml
 *   gcc -O2 -DSAFETY -DNOCLAIM -DCOLLAPSE -o pan pan.c && ./pan -m1000000
 *   gcc -O2 -DNFAIR=6 -DCOLLAPSE -o pan pan.c
 *   ./pan -m1000000 -a -f -N ends && ./pan -m1000000 -a -f -N refund
 *
 * The model finds what it should: serving on a bill that is not on disk (billedDisk -> billed in
 * Serve) breaks Y1 and S2, signing under a ceiling that is not (ceilingDisk -> ceiling in Pay)
 * breaks Y1, a release before the frozen book is on disk, or vouchers taken after it, lose the
 * payee money, and a withdrawal that waits for no answer breaks S1.
 *
 * spin from Debian's package of that name; the names of the rules are those of
 * docs/specs/payment-channels.md and of Tests/PaymentChannelsTests/Simulation.
 */
#define N 3       /* units, and the deposit; init runs one Take for each */
#define W 1       /* the payee's window */
#define GRACE 2   /* blocks from a close request to the withdrawal */
#define DEATHS 1  /* of each party */

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* The network: what was ever sent. */
bool unitSent[N + 1];
bool voucherSent[N + 1];
bool releaseSent;

/* The payer: memory, and disk. */
byte received, signedTotal, ceiling;
byte ceilingDisk, signedDisk;
byte ceilingBackup, signedBackup;
bool stopped, copied, restored;

/* The payee: memory, and disk. */
byte accepted, billed;
byte acceptedDisk, billedDisk;
bool frozen, frozenDisk;
bool early;             /* whether the two agree to close before all is paid */
byte capture;

/* The ledger. */
bool closed, requested, withdrawn;
byte settled, blocks, finalCapture;
byte syncedAtRequest;
bool answered;          /* the payee had a transaction in during the grace time */

/* The truth, which no death forgets. */
byte highestSigned, highestDelivered, highestSynced;
byte payerDeaths, payeeDeaths;

inline remember() {
  highestSynced = MAX(highestSynced, acceptedDisk);
  /* S2: what was delivered and not paid stays within the window. */
  assert(highestDelivered <= highestSynced + W);
  /* L1, P1: the ledger pays no more than the deposit, and than was signed. */
  assert(settled <= N && settled <= highestSigned);
  /* Y1: counters on disk may lag, never lead. */
  assert(acceptedDisk <= highestSigned && billedDisk >= highestDelivered);
}

/* ---- payer ---- */

active proctype Receive() {
end: do
  :: atomic { !closed && received < N && unitSent[received + 1] -> received++ }
  od
}

active proctype Raise() {
end: do
  :: atomic { !closed && !stopped && received > ceiling -> ceiling = MIN(N, received + 1) }
  od
}

active proctype PayerSync() {
end: do
  :: atomic { !closed && ceilingDisk < ceiling ->
       ceilingDisk = ceiling; signedDisk = signedTotal }
  od
}

active proctype Pay() {
end: do
  :: atomic { !closed && !stopped && received > signedTotal && received <= ceilingDisk ->
       signedTotal = received;
       /* P3: nothing is signed for what was not received. */
       assert(signedTotal <= received);
       highestSigned = MAX(highestSigned, signedTotal);
       voucherSent[signedTotal] = true }
  od
}

/* The payee shows its newest voucher, as on every connection. */
active proctype Show() {
end: do
  :: atomic { !closed && acceptedDisk > signedTotal && acceptedDisk <= ceilingDisk ->
       signedTotal = acceptedDisk }
  :: atomic { !closed && !stopped && acceptedDisk > ceilingDisk ->
       /* Only an older copy of the disk can know less than was signed under. */
       assert(restored);
       stopped = true }
  :: atomic { stopped ->
       /* The owner adopts what was shown. */
       ceilingDisk = MAX(ceilingDisk, acceptedDisk); ceiling = ceilingDisk;
       signedTotal = MAX(signedTotal, acceptedDisk); signedDisk = signedTotal;
       stopped = false }
  od
}

active proctype PayerDies() {
end: do
  :: atomic { !closed && payerDeaths < DEATHS ->
       payerDeaths++;
       ceiling = ceilingDisk; signedTotal = signedDisk;
       /* What it received is on a disk that may lag. */
       if :: true :: received > 0 -> received-- fi;
       /* Y1: the truth lies between what is remembered and the ceiling, but for an old copy. */
       assert(signedTotal <= highestSigned && (restored || highestSigned <= ceilingDisk)) }
  :: atomic { !closed && !copied ->
       copied = true; ceilingBackup = ceilingDisk; signedBackup = signedDisk }
  :: atomic { !closed && copied && !restored ->
       restored = true;
       ceilingDisk = ceilingBackup; signedDisk = signedBackup;
       ceiling = ceilingDisk; signedTotal = signedDisk }
  od
}

/* ---- payee ---- */

active proctype Bill() {
end: do
  :: atomic { !closed && !frozen && !requested && received < N && received + 1 > billed &&
         received + 1 <= acceptedDisk + W -> billed = received + 1 }
  od
}

active proctype Serve() {
end: do
  :: atomic { !closed && received < N && !unitSent[received + 1] &&
         received + 1 <= billedDisk ->
       unitSent[received + 1] = true;
       highestDelivered = MAX(highestDelivered, received + 1);
       remember() }
  od
}

/* Whatever was sent arrives in any order, also twice. */
proctype Take(byte amount) {
end: do
  :: atomic { !closed && voucherSent[amount] && amount > accepted && !frozen ->
       accepted = amount }
  od
}

init {
  atomic {
    if :: early = true :: early = false fi;
    run Take(1); run Take(2); run Take(3)
  }
}

active proctype PayeeSync() {
end: do
  :: atomic { !closed &&
         (acceptedDisk != accepted || billedDisk != billed || frozenDisk != frozen) ->
       acceptedDisk = accepted; billedDisk = billed; frozenDisk = frozen;
       remember() }
  od
}

active proctype PayeeDies() {
end: do
  :: atomic { !closed && payeeDeaths < DEATHS ->
       payeeDeaths++;
       accepted = acceptedDisk; billed = billedDisk; frozen = frozenDisk;
       /* Nothing that was acknowledged is gone. */
       assert(acceptedDisk == highestSynced) }
  od
}

/* A release: frozen in memory, then on disk, then signed; the payer may use it. */
active proctype Releasing() {
end: do
  :: atomic { !closed && !frozen && accepted > 0 && (early || accepted == N) ->
       frozen = true; capture = accepted }
  :: atomic { !closed && frozenDisk && !releaseSent && acceptedDisk == capture ->
       releaseSent = true }
  od
}

/* ---- ledger ---- */

active proctype Settle() {
end: do
  :: atomic { !closed && acceptedDisk > settled ->
       settled = MIN(acceptedDisk, N);
       if :: requested -> answered = true :: else fi;
       remember() }
  od
}

active proctype Close() {
end: do
  :: atomic { !closed && releaseSent ->
       /* The frozen book lost nothing that came before. */
       assert(capture >= highestSynced && capture <= highestSigned);
       settled = capture; finalCapture = capture; closed = true }
  :: atomic { !closed && requested && blocks >= GRACE &&
         (answered || acceptedDisk == settled) ->
       finalCapture = settled; withdrawn = true; closed = true;
       /* S1: with one transaction in during the grace time, what was on disk is paid. */
       assert(settled >= syncedAtRequest) }
  od
}

active proctype Blocks() {
end: do
  :: atomic { !closed && requested && blocks < GRACE -> blocks++ }
  od
}

/* The payer asks for the close at any moment, or stays. */
active proctype Leave() {
  if
  :: atomic { !closed -> requested = true; syncedAtRequest = acceptedDisk }
  :: true
  fi
}

/* Y2: everything comes to an end. */
ltl ends { <> closed }
/* P2: what is not the payee's is the payer's again, and only once. */
ltl refund { [] (closed -> finalCapture == settled && settled <= N) }
