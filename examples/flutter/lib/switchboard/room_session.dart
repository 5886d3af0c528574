import 'dart:async';

import 'package:livekit_client/livekit_client.dart';

/// One stay in LiveKit's room of a call.
class RoomSession {
  RoomSession({required this.onChange, required this.onDisconnected}) {
    _listener
      ..on<ParticipantConnectedEvent>((_) => onChange())
      ..on<ParticipantDisconnectedEvent>((_) => onChange())
      ..on<TrackSubscribedEvent>((_) => onChange())
      ..on<TrackUnsubscribedEvent>((_) => onChange())
      ..on<TrackMutedEvent>((_) => onChange())
      ..on<TrackUnmutedEvent>((_) => onChange())
      ..on<RoomReconnectingEvent>((_) => onChange())
      ..on<RoomReconnectedEvent>((_) => onChange())
      ..on<RoomDisconnectedEvent>((event) {
        if (!_isOver) onDisconnected(this, event.reason);
      });
  }

  final void Function() onChange;
  final void Function(RoomSession session, DisconnectReason? reason)
  onDisconnected;

  final Room room = Room(
    roomOptions: const RoomOptions(adaptiveStream: true, dynacast: true),
  );
  late final EventsListener<RoomEvent> _listener = room.createListener();
  bool _isOver = false;

  /// Somebody else is in the room: that is the answer.
  bool get isAnswered => room.remoteParticipants.isNotEmpty;
  bool get isReconnecting => room.connectionState == ConnectionState.reconnecting;
  bool get isMuted => !(room.localParticipant?.isMicrophoneEnabled() ?? false);
  bool get isCameraOn => room.localParticipant?.isCameraEnabled() ?? false;

  Future<void> connect(
    String serverUrl,
    String token, {
    required bool withCamera,
    required bool Function() isMuted,
  }) async {
    await room.connect(serverUrl, token);
    try {
      await room.localParticipant?.setMicrophoneEnabled(!isMuted());
      if (withCamera) await room.localParticipant?.setCameraEnabled(true);
    } on Object {
      // Not permitted: the call goes on, and the screen shows what is off.
    }
  }

  Future<void> setMuted(bool isMuted) async {
    await room.localParticipant?.setMicrophoneEnabled(!isMuted);
    onChange();
  }

  Future<void> setCamera(bool isOn) async {
    await room.localParticipant?.setCameraEnabled(isOn);
    onChange();
  }

  /// The others' pictures, as far as they show one.
  List<VideoTrack> get remoteVideos => [
    for (final participant in room.remoteParticipants.values)
      for (final publication in participant.videoTrackPublications)
        if (publication.track case final VideoTrack track when !publication.muted)
          track,
  ];

  VideoTrack? get localVideo {
    for (final publication
        in room.localParticipant?.videoTrackPublications ??
            const <LocalTrackPublication<LocalVideoTrack>>[]) {
      if (publication.track case final VideoTrack track
          when !publication.muted) {
        return track;
      }
    }
    return null;
  }

  Future<void> close() async {
    if (_isOver) return;
    _isOver = true;
    await _listener.dispose();
    await room.disconnect();
    await room.dispose();
  }
}
