package switchboard

import com.google.firebase.messaging.RemoteMessage
import io.flutter.plugins.firebase.messaging.FlutterFirebaseMessagingService

/**
 * FCM's messages, also with the app killed: the process is started for them, and no Dart is. In the
 * place of the plugin's service, which it extends for the sake of the token.
 */
class RingMessagingService : FlutterFirebaseMessagingService() {
    override fun onMessageReceived(remoteMessage: RemoteMessage) {
        super.onMessageReceived(remoteMessage)
        val data = remoteMessage.data
        when (data["type"]) {
            "ring" -> Ring.of(data)?.let { ring -> Ringing.onMain { Ringing.start(this, ring) } }
            "stop_ring" -> stop(data)
        }
    }

    private fun stop(data: Map<String, String>) {
        val id = data["id"]?.lowercase() ?: return
        // This phone has the call: it is the others that stop.
        if (data["device"] == Installation.id(this)) return
        Ringing.onMain { Ringing.stop(this, id) }
        val body = data["body"] ?: return
        Notifications.showMissed(this, id, data["title"], body)
    }
}
