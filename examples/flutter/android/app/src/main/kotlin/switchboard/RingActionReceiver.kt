package switchboard

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.os.Handler
import android.os.Looper
import java.util.concurrent.atomic.AtomicBoolean

/** The buttons of a notification. Declining works with the app killed: the ticket is in the intent. */
class RingActionReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        when (intent.action) {
            DECLINE -> {
                val ring = Ring.of(intent.extras) ?: return
                val pending = goAsync()
                val isDone = AtomicBoolean()
                val finish = { if (!isDone.getAndSet(true)) pending.finish() }
                // Android allows ten seconds; beyond that the service keeps the process.
                Handler(Looper.getMainLooper()).postDelayed({ finish() }, 8_000)
                Ringing.decline(context, ring) { finish() }
            }
            HANG_UP -> {
                val id = intent.getStringExtra("id") ?: return
                PhoneChannel.hungUp(id)
                CallService.stopTalking(context)
            }
        }
    }

    companion object {
        const val DECLINE = "switchboard.DECLINE"
        const val HANG_UP = "switchboard.HANG_UP"
    }
}
