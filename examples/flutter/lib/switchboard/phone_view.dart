import 'package:flutter/material.dart';
import 'package:livekit_client/livekit_client.dart'
    show VideoTrack, VideoTrackRenderer, VideoViewFit;

import 'call_controller.dart';
import 'errors.dart';
import 'models.dart';
import 'phone_state.dart';
import 'room_session.dart';

/// The phone over the app: nothing while it is idle, else the call.
class PhoneView extends StatelessWidget {
  const PhoneView({required this.controller, required this.child, super.key});

  final CallController controller;
  final Widget child;

  @override
  Widget build(BuildContext context) => ListenableBuilder(
    listenable: controller,
    builder: (context, child) => Stack(
      children: [
        child!,
        if (controller.state is! Idle)
          Positioned.fill(child: CallScreen(controller: controller)),
      ],
    ),
    child: child,
  );
}

class CallScreen extends StatelessWidget {
  const CallScreen({required this.controller, super.key});

  final CallController controller;

  @override
  Widget build(BuildContext context) {
    final state = controller.state;
    final session = controller.session;
    return Material(
      color: Colors.black,
      child: Stack(
        children: [
          if (session != null && state is InCall) Pictures(session: session),
          SafeArea(
            child: Column(
              children: [
                const SizedBox(height: 48),
                Text(_who(state), style: _text(28)),
                const SizedBox(height: 8),
                Text(_what(state, session), style: _text(16)),
                const Spacer(),
                Buttons(controller: controller),
                const SizedBox(height: 32),
              ],
            ),
          ),
        ],
      ),
    );
  }

  TextStyle _text(double size) => TextStyle(color: Colors.white, fontSize: size);

  /// The others, as far as names are known.
  String _who(PhoneState state) {
    final call = switch (state) {
      Incoming(:final call) => call,
      Outgoing(:final call) ||
      Connecting(:final call) ||
      InCall(:final call) ||
      Ended(:final call) => call,
      Idle _ => null,
    };
    if (call == null) return '';
    if (state is Incoming) return call.callerName ?? 'Somebody';
    final me = call.me.role == Role.caller ? call.caller : null;
    return [
      for (final party in call.parties)
        if (party.uid != me) party.name ?? party.uid,
    ].join(', ');
  }

  String _what(PhoneState state, RoomSession? session) => switch (state) {
    Idle _ => '',
    Incoming(:final call) =>
      call.kind == CallKind.video ? 'Video call' : 'Call',
    Outgoing(isOutOfReach: true) => 'Calling… (no phone of theirs is known)',
    Outgoing(:final isAlerting) => isAlerting ? 'Ringing…' : 'Calling…',
    Connecting _ => 'Connecting…',
    InCall _ => session?.isReconnecting ?? false ? 'Reconnecting…' : '',
    Ended(isElsewhere: true) => 'On another device',
    Ended(:final error?) => _why(error),
    Ended(:final call) => _end(call),
  };

  String _why(CallException error) => switch (error.code) {
    CallErrorCode.answeredElsewhere => 'Answered on another device',
    CallErrorCode.inAnotherCall => 'You are in another call',
    CallErrorCode.callEnded => 'It was over already',
    CallErrorCode.callFull => 'The call is full',
    CallErrorCode.ringForbidden => 'This person can’t be called',
    CallErrorCode.ringLimited => 'Nobody answers. Try again later',
    CallErrorCode.rateLimited => 'Too many calls. Try again later',
    CallErrorCode.signedOut => 'Please sign in',
    CallErrorCode.unreachable => 'No connection',
    // The number finds it in the server's log.
    _ => 'It did not work (${error.requestId ?? error.wire})',
  };

  String _end(Call? call) => switch (call?.outcome) {
    Outcome.missed => 'No answer',
    Outcome.declined => 'Declined',
    Outcome.busy => 'Busy',
    Outcome.cancelled => 'Cancelled',
    Outcome.failed => 'The call failed',
    _ => 'The call is over',
  };
}

class Pictures extends StatelessWidget {
  const Pictures({required this.session, super.key});

  final RoomSession session;

  @override
  Widget build(BuildContext context) {
    final local = session.localVideo;
    return Stack(
      children: [
        Column(
          children: [
            for (final track in session.remoteVideos)
              Expanded(child: _picture(track)),
          ],
        ),
        if (local != null)
          Positioned(
            right: 16,
            top: 48,
            width: 96,
            height: 144,
            child: _picture(local),
          ),
      ],
    );
  }

  Widget _picture(VideoTrack track) => VideoTrackRenderer(
    track,
    key: ValueKey(track.sid),
    fit: VideoViewFit.cover,
  );
}

class Buttons extends StatelessWidget {
  const Buttons({required this.controller, super.key});

  final CallController controller;

  @override
  Widget build(BuildContext context) {
    final session = controller.session;
    final buttons = switch (controller.state) {
      Idle _ => const <Widget>[],
      Incoming _ => [
        _button(Icons.call_end, 'Decline', controller.decline, Colors.red),
        _button(Icons.call, 'Accept', controller.accept, Colors.green),
      ],
      Ended(:final error) => [
        if (error?.code == CallErrorCode.answeredElsewhere)
          _button(Icons.call, 'Take over', controller.acceptAfterAll),
        if (error?.code == CallErrorCode.inAnotherCall)
          _button(Icons.call, 'End it and accept', controller.acceptAfterAll),
        _button(Icons.close, 'Close', controller.dismiss),
      ],
      Outgoing _ || Connecting _ || InCall _ => [
        if (session != null) ..._media(session),
        _button(Icons.call_end, 'Hang up', controller.hangUp, Colors.red),
      ],
    };
    return Row(
      mainAxisAlignment: MainAxisAlignment.spaceEvenly,
      children: buttons,
    );
  }

  List<Widget> _media(RoomSession session) => [
    _button(
      session.isMuted ? Icons.mic_off : Icons.mic,
      session.isMuted ? 'Unmute' : 'Mute',
      () => controller.setMuted(!session.isMuted),
    ),
    _button(
      session.isCameraOn ? Icons.videocam : Icons.videocam_off,
      session.isCameraOn ? 'Camera off' : 'Camera on',
      () => controller.setCamera(!session.isCameraOn),
    ),
    _button(
      controller.isSpeakerOn ? Icons.volume_up : Icons.hearing,
      controller.isSpeakerOn ? 'Speaker off' : 'Speaker on',
      () => controller.setSpeaker(!controller.isSpeakerOn),
    ),
  ];

  /// Without a tooltip: this stands above the app's navigator, where there is no overlay.
  Widget _button(
    IconData icon,
    String label,
    VoidCallback onPressed, [
    Color color = Colors.white24,
  ]) => Column(
    mainAxisSize: MainAxisSize.min,
    children: [
      IconButton.filled(
        icon: Icon(icon, color: Colors.white, semanticLabel: label),
        iconSize: 32,
        style: IconButton.styleFrom(backgroundColor: color),
        onPressed: onPressed,
      ),
      Text(label, style: const TextStyle(color: Colors.white)),
    ],
  );
}
