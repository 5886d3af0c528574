import 'errors.dart';
import 'models.dart';

/// What this phone does now.
sealed class PhoneState {
  const PhoneState();
}

final class Idle extends PhoneState {
  const Idle();
}

/// It rings here: [Call.isRinging].
final class Incoming extends PhoneState {
  const Incoming(this.call);
  final Call call;
}

/// Calling; and ringing, as soon as one of their phones says so.
final class Outgoing extends PhoneState {
  const Outgoing({required this.isAlerting, this.call});
  final Call? call;
  final bool isAlerting;

  /// Nothing of theirs can ring: no phone is registered and no feed is open.
  bool get isOutOfReach => call?.reach == 0;
}

/// Answered, and on the way into the room; or on the way back into it.
final class Connecting extends PhoneState {
  const Connecting(this.call);
  final Call? call;
}

final class InCall extends PhoneState {
  const InCall(this.call, {required this.since});
  final Call? call;
  final DateTime since;
}

/// Over, until it is dismissed or another call begins.
final class Ended extends PhoneState {
  const Ended({this.call, this.error, this.isElsewhere = false});

  /// [Call.outcome] and [Call.reason] say why; null where the server could not be asked.
  final Call? call;
  final CallException? error;

  /// Another device of this person has it.
  final bool isElsewhere;
}
