import 'dart:async';

import 'calls_client.dart';
import 'errors.dart';
import 'models.dart';

/// All that changes in this person's calls, while the app is looked at: one held request after another,
/// which works on every network. It is the present state and no log, so an old ring can't ring.
class CallFeed {
  CallFeed(this._client, {required this.onCall, required this.onSnapshot});

  final CallsClient _client;
  final void Function(Call call, Cause cause) onCall;

  /// These are all live ones: what is not among them is over.
  final void Function(List<Call> calls) onSnapshot;

  String? _cursor;
  int _run = 0;
  bool get isOn => _isOn;
  bool _isOn = false;

  void start() {
    if (_isOn) return;
    _isOn = true;
    unawaited(_read(++_run));
  }

  void stop() {
    _isOn = false;
    _run += 1;
  }

  /// Another person's cursor is worth nothing.
  void forget() {
    stop();
    _cursor = null;
  }

  Future<void> _read(int run) async {
    var failures = 0;
    while (run == _run) {
      try {
        final page = await _client.events(after: _cursor);
        if (run != _run) return;
        failures = 0;
        _tell(page);
      } on Object catch (error) {
        failures += 1;
        await Future<void>.delayed(_pauseAfter(error, failures));
      }
    }
  }

  void _tell(FeedPage page) {
    _cursor = page.cursor;
    if (page.isSnapshot) onSnapshot(page.calls);
    for (final change in page.changes) {
      onCall(change.call, change.cause);
    }
  }

  /// Half a second, doubled up to thirty.
  Duration _pauseAfter(Object error, int failures) {
    final told = error is CallException ? error.retryAfter : null;
    final ms = 500 * (1 << (failures > 6 ? 6 : failures - 1));
    return told ?? Duration(milliseconds: ms > 30000 ? 30000 : ms);
  }
}
