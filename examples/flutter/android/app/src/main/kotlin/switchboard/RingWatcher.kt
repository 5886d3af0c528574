package switchboard

import android.content.Context
import android.util.Log
import org.json.JSONException

/**
 * Looks at the call as long as it rings, over a connection of its own: the one way that stops a ring
 * at once on every phone. A network that fails stops nothing: the phone rings as long as it may.
 */
class RingWatcher(
    context: Context,
    private val ring: Ring,
    private val onRinging: (LookedAt) -> Unit,
    private val onOver: (cause: String) -> Unit,
) : Thread("switchboard-ring") {
    private val client = TicketClient(context, ring)

    @Volatile
    private var isStopped = false

    fun stopWatching() {
        isStopped = true
        interrupt()
    }

    override fun run() {
        if (ring.ticket == null) return // the app brought it, and has a feed of its own
        client.alerting()
        var after: Long? = null
        // Ringing stops it when the time is over: it has the server's own count, a short push has none.
        while (!isStopped) {
            when (val answer = client.look(after)) {
                is Answer.Ok -> after = heard(answer) ?: after
                is Answer.Refused -> {
                    // Gone, or none of this phone's any more: as good as ended.
                    if (answer.status == 404 || answer.status == 403) return over("ended")
                    pause()
                }
                is Answer.Unreachable -> pause()
            }
        }
    }

    /** The version to wait beyond; null: it is over, or it was no answer of ours. */
    private fun heard(answer: Answer.Ok): Long? {
        val call = try {
            LookedAt(answer.json)
        } catch (error: JSONException) {
            Log.w("switchboard", "an answer without a call")
            pause()
            return null
        }
        if (isStopped) return null
        if (!call.rings) {
            over(call.cause)
            return null
        }
        onRinging(call)
        return call.version
    }

    private fun over(cause: String) {
        if (isStopped) return
        isStopped = true
        onOver(cause)
    }

    private fun pause() {
        try {
            sleep(2_000)
        } catch (error: InterruptedException) {
            // Stopped.
        }
    }
}
